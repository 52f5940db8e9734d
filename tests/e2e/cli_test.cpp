// The program as a person runs it, on tiny models with random weights.
#include <gmock/gmock.h>

#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/e2e/cli.h"
#include "tests/support/npy.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(Cli, HelpShowsExamplesAndExitCodes) {
  const ProcessResult help = assay({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("Examples:"));
  EXPECT_THAT(help.out, HasSubstr("Exit codes:"));
  for (const char* command : {"run", "bench", "score", "chain", "verify", "compare", "fetch",
                              "list", "tokenize", "logits"}) {
    const ProcessResult one = assay({command, "--help"});
    EXPECT_EQ(one.exit_code, 0) << command;
    EXPECT_THAT(one.out, HasSubstr("Example")) << command;
  }
}

TEST_F(Cli, ChainsOfAFileNeedNoModel) {
  const std::string file = out("chains.jsonl");
  testing::write_text(
      file,
      R"({"id": "a", "completion": "<think>\nFirst 3 + 4 = 7.\n\nSo 7.\n</think>\n\\boxed{7}."})"
      "\n"
      R"({"id": "b", "completion": "<think>\nFirst 3 + 4 = 8.\n\nSo \u001b[31m"})"
      "\n");
  const ProcessResult lines = assay({"chain", file, "--json"});
  EXPECT_EQ(lines.exit_code, 0) << lines.err;
  const json first = json::parse(lines.out.substr(0, lines.out.find('\n')));
  EXPECT_EQ(first.at("strictly_complete"), true);
  EXPECT_EQ(first.at("contradictions").at("checked"), 1);
  const json second = json::parse(lines.out.substr(lines.out.find('\n')));
  EXPECT_EQ(second.at("components").at("C1"), false);
  EXPECT_EQ(second.at("components").at("C7"), false);
  const ProcessResult text = assay({"chain", file});
  EXPECT_THAT(text.out, HasSubstr("contradicted: 3 + 4 = 8"));
  EXPECT_THAT(text.out, Not(HasSubstr("\x1B")));
  const ProcessResult cleaned = assay({"chain", file, "--clean", out("kept.jsonl")});
  EXPECT_THAT(cleaned.out, HasSubstr("dropped b: broken"));
  EXPECT_THAT(testing::read_text(dir_.path() / "kept.jsonl"), HasSubstr("[STEP] First"));
  EXPECT_EQ(assay({"chain", file, "--sheet", out("sheet.csv")}).exit_code, 0);
  EXPECT_THAT(testing::read_text(dir_.path() / "sheet.csv"), Not(HasSubstr("strictly")));
  const ProcessResult scored = assay({"score", "--chains", file, "--json"});
  EXPECT_EQ(scored.exit_code, 0) << scored.err;
  const json rates = json::parse(scored.out);
  EXPECT_EQ(rates.at("chains"), 2);
  EXPECT_EQ(rates.at("chain").at("complete_rate").at("value"), 0.5);
  EXPECT_EQ(rates.at("chain").at("components").at("C7").at("n"), 2);
  EXPECT_EQ(rates.at("chain").at("contradictions").at("contradicted"), 1);
  EXPECT_EQ(rates.at("records").at(0), first);
  EXPECT_THAT(assay({"score", "--chains", file}).out, HasSubstr("1 of 2: 50.0 %"));
  expect_error(assay({"score", "--chains"}), 2, "assay score --chains FILE.jsonl");
  expect_error(assay({"chain", file, "--text-field", "nothing"}), 2, "leave out --text-field");
  expect_error(assay({"chain", out("absent.jsonl")}), 3, "absent.jsonl");
}

TEST_F(Cli, MistakesAreUsageErrorsThatNameTheCure) {
  expect_error(assay({}), 2, "--help");
  expect_error(assay({"frobnicate"}), 2, "unknown command 'frobnicate'");
  expect_error(assay({"bnech"}), 2, "did you mean 'bench'");
  expect_error(assay({"run", "--task", "mini-math"}), 2, "--model");
  const std::string m = model();
  expect_error(assay({"run", "--model", m, "--task", "mini-mth"}), 2, "did you mean 'mini-math'");
  expect_error(assay({"run", "--model", m, "--task", ""}), 2, "unknown task ''");
  const std::string custom = "run --model " + m + " --task mini-math --dry-run --sampling custom ";
  expect_error(assay(words(custom + "--temperature nan")), 2, "--temperature is nan");
  expect_error(assay(words(custom + "--temperature 1 --top-p nan")), 2, "--top-p is nan");
  expect_error(assay(words(custom + "--temperature 1 --min-p nan")), 2, "--min-p is nan");
  expect_error(assay(words(custom + "--temperature 1 --seed -1")), 2, "--seed: -1 is below 0");
  EXPECT_THAT(assay(words(custom + "--temperature 1e-38")).out, HasSubstr("decoding greedy"));
  expect_error(assay({"run", "--model", m, "--task", "mini-math", "--backend", "gpu"}), 2,
               "known: reference, cpu");
  expect_error(assay({"run", "--model", m, "--task", "mini-math", "--numerics", "slow"}), 2,
               "known: exact, fast");
  expect_error(assay({"run", "--model", m, "--task", "mini-math", "--samples", "2"}), 2,
               "greedy decoding");
  expect_error(assay({"run", "--model", m, "--task", "mini-math", "--temperature", "1"}), 2,
               "add --sampling custom");
  expect_error(assay({"run", "--model", m, "--task", "mini-math", "--recipe", "x"}), 2,
               "unknown recipe 'x'");
  expect_error(assay({"run", "--model", "nosuch", "--task", "mini-math"}), 2,
               "unknown model 'nosuch'; known: ");
  expect_error(assay({"run", "--model", m, "--task", "mini-math:first=1000"}), 2,
               "1000 were asked for");
}

TEST_F(Cli, ALimitBeyondTheTaskTakesAllOfIt) {
  const ProcessResult plan =
      assay({"run", "--model", model(), "--task", "mini-math:limit=1000", "--dry-run", "--json"});
  ASSERT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_EQ(json::parse(plan.out).at("tasks").at(0).at("n_problems"), 20);
}

TEST_F(Cli, BadModelFilesAreOneLineAndExitThree) {
  expect_error(assay({"run", "--model", "no/such.gguf", "--task", "mini-math"}), 3, "no such file");
  const std::string sound = testing::read_text(model());
  testing::write_text(out("cut.gguf"), sound.substr(0, sound.size() / 2));
  expect_error(assay({"run", "--model", out("cut.gguf"), "--task", "mini-math"}), 3, "cut.gguf");
  testing::write_text(out("noise.gguf"), "this is not a model");
  expect_error(assay({"logits", "--model", out("noise.gguf"), "--tokens", "1", "--out", out("l")}),
               3, "noise.gguf");
}

TEST_F(Cli, TokenizeAndBack) {
  const std::string m = model();
  const ProcessResult ids = assay({"tokenize", "--model", m}, with_input("héllo <|im_end|>\n"));
  ASSERT_EQ(ids.exit_code, 0) << ids.err;
  EXPECT_TRUE(json::parse(ids.out).is_array());
  const ProcessResult text = assay({"tokenize", "--model", m, "--ids"}, with_input(ids.out));
  EXPECT_EQ(text.out, "héllo <|im_end|>\n");
  const ProcessResult plain =
      assay({"tokenize", "--model", m, "--no-special"}, with_input("<|im_end|>"));
  EXPECT_GT(json::parse(plain.out).size(), 1U);
  expect_error(assay({"tokenize", "--model", m, "--ids"}, with_input("[999999]")), 2, "999999");
  expect_error(assay({"tokenize", "--model", m, "--ids"}, with_input("{")), 2, "JSON array");
}

TEST_F(Cli, LogitsOfBothBackendsAreTheSameBits) {
  for (const TensorType type : all_tensor_types()) {
    const std::string m = model(type, Arch::qwen2);
    const std::vector<std::string> tail = {"--tokens", "1,2,3,4,5,6,7", "--out"};
    for (const char* backend : {"reference", "cpu"}) {
      std::vector<std::string> command = {"logits", "--model", m, "--backend", backend};
      command.insert(command.end(), tail.begin(), tail.end());
      command.push_back(out(backend));
      const ProcessResult result = assay(command);
      ASSERT_EQ(result.exit_code, 0) << result.err;
    }
    EXPECT_EQ(testing::read_text(out("reference")), testing::read_text(out("cpu")))
        << tensor_type_name(type);
    EXPECT_EQ(testing::read_npy(out("cpu")).shape.at(0), 7);
  }
}

TEST_F(Cli, TheKvCacheOfLogitsCanBeChosen) {
  const auto logits = [this](const std::string& m, const std::string& kv) {
    EXPECT_EQ(
        assay(words("logits --tokens 1,2,3,4 --model " + m + " --out " + out("l") + kv)).exit_code,
        0);
    return testing::read_text(out("l"));
  };
  const std::string half = model(TensorType::BF16);
  EXPECT_EQ(logits(half, ""), logits(half, " --kv f16"));
  EXPECT_NE(logits(half, ""), logits(half, " --kv f32"));
  EXPECT_EQ(logits(model(), ""), logits(model(), " --kv f32"));
}

TEST_F(Cli, ExactIsGivenForFloatAndQuantisedWeights) {
  const std::vector<std::string> tail = {"--numerics", "exact", "--tokens",
                                         "1,2",        "--out", out("l.npy")};
  const auto logits = [&](TensorType type) {
    std::vector<std::string> command = {"logits", "--model", model(type)};
    command.insert(command.end(), tail.begin(), tail.end());
    return assay(command);
  };
  EXPECT_EQ(logits(TensorType::BF16).exit_code, 0);
  EXPECT_EQ(logits(TensorType::Q4_0).exit_code, 0);
}

TEST_F(Cli, RunWritesJournalAndReports) {
  const ProcessResult run =
      assay({"run", "--model", model(), "--task", "mini-math:first=3,mini-aime:first=2",
             "--max-new-tokens", "12", "--out", out("run")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json made = report("run");
  EXPECT_EQ(made.at("tasks").size(), 2U);
  EXPECT_EQ(made.at("tasks")[0].at("n_problems"), 3);
  EXPECT_EQ(made.at("tasks")[0].at("metrics").at("pass@1").at("n"), 3);
  EXPECT_TRUE(std::filesystem::exists(dir_.path() / "run" / "report.html"));
  const std::string journal = testing::read_text(dir_.path() / "run" / "journal.jsonl");
  EXPECT_THAT(journal, Not(HasSubstr(dir_.path().string()))) << "no path in a journal";
}

TEST_F(Cli, DryRunWritesNothing) {
  const ProcessResult run =
      assay({"run", "--model", model(), "--task", "mini-math", "--dry-run", "--out", out("dry")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("memory"));
  EXPECT_THAT(run.out, HasSubstr("mini-math"));
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "dry"));
}

TEST_F(Cli, WhatDoesNotFitIsRefusedWithTheNumbers) {
  testing::TinyModel wide = testing::tiny_model(Arch::llama, TensorType::F32);
  wide.n_layers = 16;
  wide.n_kv_heads = wide.n_heads;
  wide.head_dim = 256;
  wide.max_context = 1 << 20;
  testing::tiny_gguf(wide).write(out("wide.gguf"));
  const ProcessResult run = assay({"run", "--model", out("wide.gguf"), "--task", "mini-math",
                                   "--batch", "20", "--context", "1048576", "--out", out("big")});
  expect_error(run, 3, "it does not fit: weights ");
  for (const char* part : {"KV", "scratch", "free", "--context"}) {
    EXPECT_THAT(run.err, HasSubstr(part));
  }
}

TEST_F(Cli, AnUnwritableFolderIsSaidBeforeTheModelRuns) {
  testing::write_text(out("file"), "x");
  const ProcessResult run = assay(
      {"run", "--model", model(), "--task", "mini-math:first=1", "--out", out("file") + "/below"});
  expect_error(run, 3, "choose another");
}

TEST_F(Cli, AFullDiskEndsTheRunAndKeepsWhatWasWritten) {
  const std::string m = model();
  ProcessOptions full;
  full.max_file_bytes = 6000;
  const ProcessResult run = assay(
      {"run", "--model", m, "--task", "mini-math", "--max-new-tokens", "8", "--out", out("full")},
      full);
  expect_error(run, 3, "--resume");
  const ProcessResult again = assay({"run", "--model", m, "--task", "mini-math", "--max-new-tokens",
                                     "8", "--out", out("full"), "--resume"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

TEST_F(Cli, LogitsThatAreNotFiniteFailTheirSampleAloneAndAreTriedAgain) {
  testing::TinyModel tiny = testing::tiny_model(Arch::llama, TensorType::F32);
  tiny.max_context = 4096;
  testing::GgufWriter gguf = testing::tiny_gguf(tiny);
  std::string& table = gguf.tensor("token_embd.weight").bytes;
  const float not_a_number = std::numeric_limits<float>::quiet_NaN();
  // Of the first three problems only the first holds a plus sign.
  std::memcpy(&table[std::size_t{'+'} * 64 * sizeof(float)], &not_a_number, sizeof(float));
  gguf.write(out("nan.gguf"));
  std::vector<std::string> command = {
      "run", "--model", out("nan.gguf"), "--task", "mini-math:first=3", "--max-new-tokens",
      "4",   "--out",   out("nan")};
  for (const char* attempt : {"first", "second"}) {
    const ProcessResult run = assay(command);
    ASSERT_EQ(run.exit_code, 0) << attempt << run.err;
    const json task = report("nan").at("tasks")[0];
    EXPECT_EQ(task.at("outcomes").at("infrastructure_failure"), 1);
    EXPECT_EQ(task.at("counts").at("failed"), 1);
    EXPECT_EQ(task.at("counts").at("done"), 3);
    EXPECT_TRUE(task.at("problems")[0].at("verdict").is_null()) << "nobody judged it";
    EXPECT_EQ(task.at("problems")[1].at("verdict"), "not_equal");
    EXPECT_THAT(task.at("problems")[0].at("why").get<std::string>(),
                HasSubstr("not finite: token id"));
    const json& pass = task.at("metrics").at("pass@1");
    EXPECT_EQ(pass.at("n"), 2);
    EXPECT_EQ(pass.at("failed"), 1);
    EXPECT_TRUE(pass.at("bounds").is_array());
    if (command.back() != "--resume") command.emplace_back("--resume");
  }
  const std::string journal = testing::read_text(dir_.path() / "nan" / "journal.jsonl");
  std::size_t attempts = 0;
  for (std::size_t at = journal.find("not finite"); at != journal.npos;
       at = journal.find("not finite", at + 1)) {
    ++attempts;
  }
  EXPECT_GE(attempts, 2U) << "--resume tries a failed sample again";
  const std::string first = "run --task mini-math:first=1 --model " + out("nan.gguf");
  EXPECT_THAT(assay(words(first + " --out " + out("n1"))).out,
              HasSubstr("first token not measured"));
}

TEST_F(Cli, AnOlderRunIsNotOverwritten) {
  const std::vector<std::string> command = {
      "run", "--model", model(),    "--task", "mini-math:first=1", "--max-new-tokens",
      "4",   "--out",   out("once")};
  ASSERT_EQ(assay(command).exit_code, 0);
  expect_error(assay(command), 3, "--resume");
}

TEST_F(Cli, ResumeWithOtherOptionsNamesTheDifference) {
  const std::string m = model();
  const auto command = [&](const char* budget) {
    return std::vector<std::string>{
        "run",   "--model",    m,         "--task", "mini-math:first=1", "--max-new-tokens", budget,
        "--out", out("other"), "--resume"};
  };
  ASSERT_EQ(assay(command("4")).exit_code, 0);
  expect_error(assay(command("5")), 2, "max_new_tokens was 4, is 5");
  std::vector<std::string> other = command("4");
  other[2] = model(TensorType::F32, Arch::qwen2);
  expect_error(assay(other), 2, ": model.sha256 was ");
}

TEST_F(Cli, AnInterruptKeepsWhatIsFinishedAndExits130) {
  ProcessOptions interrupted;
  interrupted.kill_after_ms = 400;
  interrupted.interrupt = true;
  const ProcessResult run = assay(
      {"run", "--model", model(), "--task", "mini-math", "--samples", "400", "--sampling", "custom",
       "--temperature", "1", "--max-new-tokens", "300", "--out", out("interrupted")},
      interrupted);
  expect_error(run, 130, "--resume");
}

/// Everything but times, speeds, memory and the machine's state.
void drop_times(json& value) {
  if (value.is_object()) {
    for (const char* name : {"throughput", "memory", "cpu_utilization", "energy", "utc", "device",
                             "warnings", "totals", "bench"}) {
      value.erase(name);
    }
    for (auto it = value.begin(); it != value.end();) {
      const bool is_time = it.key().ends_with("_ms") || it.key().ends_with("_seconds");
      it = is_time ? value.erase(it) : std::next(it);
    }
  }
  if (value.is_structured()) {
    for (json& child : value) drop_times(child);
  }
}

TEST_F(Cli, KillAtAnyMomentAndResumeEndsWithTheSameReport) {
  const std::string m = model(TensorType::Q8_0);
  const std::vector<std::string> command =
      words("run --model " + m +
            " --task mini-math,mini-aime --samples 3 --sampling custom --temperature 1.5 --seed 7 "
            "--max-new-tokens 60");
  const auto with = [&command](std::vector<std::string> more) {
    std::vector<std::string> all = command;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  ASSERT_EQ(assay(with({"--out", out("undisturbed")})).exit_code, 0);
  int kills = 0;
  for (int after_ms = 20; after_ms <= 400; after_ms += 20) {
    ProcessOptions options;
    options.kill_after_ms = after_ms;
    kills += assay(with({"--out", out("killed"), "--resume"}), options).exit_code == 137 ? 1 : 0;
  }
  EXPECT_GT(kills, 0);
  const ProcessResult last = assay(with({"--out", out("killed"), "--resume"}));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  json undisturbed = report("undisturbed");
  json killed = report("killed");
  drop_times(undisturbed);
  drop_times(killed);
  EXPECT_EQ(undisturbed, killed);
}

TEST_F(Cli, BatchAndThreadsDoNotChangeTokens) {
  const std::string m = model(TensorType::Q4_0);
  const auto tokens_hash = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> command =
        words("run --model " + m +
              " --task mini-math:first=6 --samples 2 --sampling custom "
              "--temperature 1.2 --max-new-tokens 40 --out " +
              out(name));
    command.insert(command.end(), more.begin(), more.end());
    const ProcessResult result = assay(command);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return report(name).at("tasks")[0].at("logits_hash");
  };
  const json alone = tokens_hash("alone", {"--batch", "1", "--threads", "1"});
  EXPECT_TRUE(alone.is_string());
  EXPECT_EQ(tokens_hash("batch", {"--batch", "5", "--threads", "2"}), alone);
  EXPECT_EQ(tokens_hash("reference", {"--backend", "reference"}), alone);
}

TEST_F(Cli, BenchGivesRowsAsJson) {
  const ProcessResult bench =
      assay({"bench", "--model", model(), "--prefill", "16", "--decode", "4", "--batch", "1,2",
             "--depth", "0,70", "--scenario", "8+4", "--repeat", "2", "--json"});
  ASSERT_EQ(bench.exit_code, 0) << bench.err;
  const json made = json::parse(bench.out);
  ASSERT_EQ(made.at("bench").size(), 2U * (1 + 2) + 1);
  for (const json& row : made.at("bench")) EXPECT_EQ(row.at("tokens_per_s_runs").size(), 2U);
}

TEST_F(Cli, ListIsJsonWithNamesAndReasons) {
  for (const char* what : {"backends", "tasks", "datasets", "models", "devices", "recipes"}) {
    const ProcessResult list = assay({"list", what, "--json"});
    ASSERT_EQ(list.exit_code, 0) << list.err;
    for (const json& row : json::parse(list.out)) {
      EXPECT_TRUE(row.at("name").is_string());
      EXPECT_TRUE(row.at("available").is_boolean());
      EXPECT_TRUE(row.at("why").is_string());
    }
  }
}

TEST_F(Cli, CompareOfTwoRuns) {
  const std::string m = model();
  for (const char* backend : {"cpu", "reference"}) {
    ASSERT_EQ(assay({"run", "--model", m, "--backend", backend, "--task", "mini-math:first=2",
                     "--max-new-tokens", "8", "--out", out(backend)})
                  .exit_code,
              0);
  }
  const std::string a = out("cpu") + "/report.json";
  const std::string b = out("reference") + "/report.json";
  ASSERT_EQ(assay({"compare", a, b, "-o", out("page.html")}).exit_code, 0);
  EXPECT_THAT(testing::read_text(out("page.html")), HasSubstr("<html"));
  EXPECT_THAT(assay({"compare", a, b, "--summary"}).out, HasSubstr("same tokens in 2 of 2"));
  EXPECT_TRUE(json::accept(assay({"compare", a, b, "--json"}).out));
  testing::write_text(out("broken.json"), "{");
  expect_error(assay({"compare", a, out("broken.json")}), 3, "broken.json");
}

TEST_F(Cli, QuantizeWritesAFileThatRuns) {
  const std::string source = model();
  const ProcessResult done =
      assay({"quantize", "--model", source, "--type", "Q8_0", "--out", out("q8.gguf"), "--json"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const json summary = json::parse(done.out);
  EXPECT_EQ(summary.at("type"), "Q8_0");
  EXPECT_LT(summary.at("bytes_out"), summary.at("bytes_in"));
  EXPECT_EQ(assay({"run", "--model", out("q8.gguf"), "--task", "mini-math:first=1",
                   "--max-new-tokens", "4", "--out", out("run")})
                .exit_code,
            0);
  EXPECT_EQ(report("run").at("model").at("weight_type"), "Q8_0");
  expect_error(assay({"quantize", "--model", source, "--type", "Q8_0", "--out", out("q8.gguf")}), 2,
               "exists; name another file, or add --overwrite");
  expect_error(assay({"quantize", "--model", source, "--type", "Q4", "--out", out("x.gguf")}), 2,
               "unknown type 'Q4'");
  ASSERT_EQ(assay({"quantize", source, out("in-out.gguf"), "--type", "Q8_0"}).exit_code, 0);
  EXPECT_EQ(testing::read_text(out("in-out.gguf")), testing::read_text(out("q8.gguf")));
  expect_error(assay({"quantize", source, "--type", "Q8_0"}), 2, "--out is required");
  expect_error(assay({"quantize", source, "x", "--model", source, "--type", "Q8_0"}), 2,
               "'x' is one file too many");
  EXPECT_THAT(assay({"quantize", "--help"}).out, HasSubstr("Q4_K_M"));
}

}  // namespace
}  // namespace assay
