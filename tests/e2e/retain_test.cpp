// `assay retain` and what `assay compare` shows of it, on a tiny model and its quantisation.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::ProcessResult;

class Retain : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = std::make_unique<testing::TempDir>();
    testing::TinyModel tiny = testing::tiny_model(Arch::llama, TensorType::F32);
    tiny.max_context = 4096;
    testing::tiny_gguf(tiny).write(path("full.gguf"));
    tiny.seed = 2;
    testing::tiny_gguf(tiny).write(path("other.gguf"));
    ASSERT_EQ(assay({"quantize", "--model", path("full.gguf"), "--type", "Q4_0", "--out",
                     path("small.gguf")})
                  .exit_code,
              0);
    make_run("full.gguf", "full", {});
    make_run("small.gguf", "small", {});
    make_run("full.gguf", "again", {"--sampling", "custom", "--temperature", "0.8", "--seed", "1"});
  }
  static void TearDownTestSuite() { dir_.reset(); }

  static void make_run(const std::string& model, const std::string& out,
                       const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        "run", "--model", path(model), "--task", "mini-math:first=4", "--max-new-tokens",
        "80",  "--out",   path(out)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult run = assay(arguments);
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  static std::string path(const std::string& name) { return (dir_->path() / name).string(); }
  static ProcessResult assay(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ASSAY_BINARY);
    return testing::run_process(arguments, {});
  }
  static ProcessResult retain(const std::string& run, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"retain", "--run", path(run), "--reference",
                                          path("full")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return assay(arguments);
  }
  static json record_of(const ProcessResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out).at("records").at(0);
  }

  static std::unique_ptr<testing::TempDir> dir_;
};
std::unique_ptr<testing::TempDir> Retain::dir_;

/// Forced and free retention are two views of one thing: under greedy decoding and exact numerics
/// the first token that is not drawn again is where the free completions part.
TEST_F(Retain, AQuantisedModelAgainstItsOriginal) {
  const json record =
      record_of(retain("small", {"--model", path("small.gguf"), "--reference-model",
                                 path("full.gguf"), "--again", path("again"), "--json"}));
  EXPECT_EQ(record.at("task"), "mini-math");
  EXPECT_EQ(record.at("samples"), 4);
  EXPECT_EQ(record.at("reference").at("weight_type"), "F32");
  const json& forced = record.at("forced");
  EXPECT_EQ(forced.at("samples"), 4);
  EXPECT_EQ(forced.at("self").at("step_share").at("value"), 1.0);
  EXPECT_EQ(forced.at("self").at("token_share"), 1.0);
  EXPECT_EQ(forced.at("self").at("kl").at("mean"), 0.0) << "exact: prefill and decode agree";
  EXPECT_GT(forced.at("kl").at("mean"), 0.0);
  EXPECT_GT(forced.at("kl").at("p99"), forced.at("kl").at("mean"));
  EXPECT_LT(forced.at("token_share"), 1.0);
  EXPECT_EQ(forced.at("token_share"), forced.at("top1_agreement")) << "greedy draws the likeliest";
  EXPECT_GT(forced.at("distillation_loss").at("mse"), 0.0);
  EXPECT_GT(forced.at("distillation_loss").at("value"), 0.0);
  EXPECT_EQ(forced.at("distillation_loss").at("tokens"), forced.at("tokens"));
  const json& free = record.at("free");
  EXPECT_EQ(free.at("samples"), 4);
  EXPECT_EQ(free.at("first").size(), 4U - free.at("identical").get<std::size_t>());
  json parted = free.at("first");
  for (json& it : parted) {
    it.erase("margin");
    it.erase("kind");
  }
  EXPECT_EQ(forced.at("first"), parted);
  EXPECT_FALSE(parted.empty());
  EXPECT_EQ(record.at("outcome").at("correct").at("pairs"), 4);
}

TEST_F(Retain, AModelAgainstItselfLosesNothing) {
  const json record = record_of(retain("full", {"--model", path("full.gguf"), "--json"}));
  const json& forced = record.at("forced");
  for (const json* part : {&forced, &forced.at("self")}) {
    EXPECT_EQ(part->at("step_share").at("value"), 1.0);
    EXPECT_EQ(part->at("token_share"), 1.0);
    EXPECT_EQ(part->at("top1_agreement"), 1.0);
    EXPECT_EQ(part->at("kl").at("mean"), 0.0);
  }
  EXPECT_EQ(forced.at("distillation_loss").at("value"), 0.0);
  EXPECT_EQ(record.at("free").at("identical"), 4);
}

/// Sampling draws by key and position, so a run of the same model and seed is drawn again, too.
TEST_F(Retain, SampledChainsAreDrawnAgainByTheirKeys) {
  const ProcessResult result = assay({"retain", "--run", path("again"), "--reference",
                                      path("again"), "--model", path("full.gguf"), "--json"});
  EXPECT_EQ(record_of(result).at("forced").at("token_share"), 1.0);
}

TEST_F(Retain, ReportsAndComparisonsShowIt) {
  const ProcessResult text =
      retain("small", {"--model", path("small.gguf"), "--limit", "2", "--threads", "1"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("steps drawn again"));
  EXPECT_THAT(text.out, HasSubstr("agreement and divergence need its model, too"));
  EXPECT_THAT(testing::read_text(path("small") + "/report.html"), HasSubstr("Chain retention"));
  const json report = json::parse(testing::read_text(path("small") + "/report.json"));
  EXPECT_EQ(report.at("tasks").at(0).at("retention").at("forced").at("samples"), 2);
  const std::vector<std::string> compare = {"compare", path("full") + "/report.json",
                                            path("small") + "/report.json"};
  const auto with = [&compare](std::vector<std::string> more) {
    more.insert(more.begin(), compare.begin(), compare.end());
    return assay(more);
  };
  EXPECT_THAT(with({"--markdown"}).out, HasSubstr("forced_step_share"));
  EXPECT_THAT(with({"--csv"}).out, HasSubstr(",retention,mini-math,forced_step_share,"));
  EXPECT_THAT(with({"--csv"}).out, HasSubstr(",retention,mini-math,outcome_correct_neither,"));
  const json compared = json::parse(with({"--json"}).out);
  EXPECT_TRUE(compared.at("tasks").at(0).at("runs").at(1).at("retention").is_object());
  ASSERT_EQ(with({"-o", path("page.html")}).exit_code, 0);
  EXPECT_THAT(testing::read_text(path("page.html")), HasSubstr("steps drawn again"));
}

TEST_F(Retain, WhatCannotBeMeasuredIsRefusedInOneLine) {
  const auto expect = [](const ProcessResult& result, int exit_code, const std::string& words) {
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(words));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  };
  expect(retain("nothing", {}), 3, "no journal.jsonl in");
  expect(retain("small", {"--model", path("other.gguf")}), 3, "give the run's own file");
  expect(retain("small", {"--forced"}), 2, "give its file with --model");
  expect(retain("small", {"--again", path("small")}), 2, "a run of another model");
  expect(retain("small", {"--again", path("full")}), 2, "both are greedy");
  expect(retain("small", {"--backend", "nothing"}), 2, "unknown backend");
}

TEST_F(Retain, AnotherTokenizerIsFedNothing) {
  testing::TinyModel tiny = testing::tiny_model(Arch::qwen2, TensorType::F32);
  tiny.max_context = 4096;
  const std::string folder = path("hf");
  std::filesystem::create_directory(folder);
  testing::write_tiny_hf(folder, tiny);
  json config = json::parse(testing::read_text(folder + "/tokenizer_config.json"));
  config["chat_template"] = "{% for m in messages %}Q: {{ m['content'] }}\nA:{% endfor %}";
  testing::write_text(folder + "/tokenizer_config.json", config.dump());
  make_run("hf", "foreign", {});
  const ProcessResult fed = retain("foreign", {"--model", folder});
  EXPECT_EQ(fed.exit_code, 3);
  EXPECT_THAT(fed.err, HasSubstr("two models of one tokenizer and chat template"));
  const ProcessResult read = retain("foreign", {});
  EXPECT_EQ(read.exit_code, 0) << read.err;
  EXPECT_THAT(read.out, HasSubstr("another tokenizer or chat template"));
}

TEST_F(Retain, ATornJournalIsMendedAndADamagedOneNamed) {
  std::filesystem::copy(path("small"), path("torn"), std::filesystem::copy_options::recursive);
  const std::string file = path("torn") + "/journal.jsonl";
  std::ofstream(file, std::ios::app) << R"({"crc":"0000)";
  const ProcessResult torn = retain("torn", {});
  EXPECT_EQ(torn.exit_code, 0) << torn.err;
  EXPECT_EQ(assay({"retain", "--run", path("torn"), "--reference", path("torn")}).exit_code, 0)
      << "whole again";
  std::ofstream(file, std::ios::app) << "not a line\n";
  const ProcessResult damaged = retain("torn", {});
  EXPECT_EQ(damaged.exit_code, 3);
  EXPECT_THAT(damaged.err, HasSubstr("is damaged"));
}

}  // namespace
}  // namespace assay
