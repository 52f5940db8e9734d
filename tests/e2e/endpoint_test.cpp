// `assay run --backend http` as a person runs it, against a fake server, and against our own.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "core/journal.h"
#include "tests/support/process.h"
#include "tests/support/python_server.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProcessOptions;
using testing::ProcessResult;

constexpr const char* kKey = "sk-very-secret-key-0123456789";

class EndpointCli : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSAY_REQUIRE_PYTHON();
    server_ = std::make_unique<testing::PythonServer>(std::string(ASSAY_SOURCE_ROOT) +
                                                      "/tests/backends/http/hostile_server.py");
  }
  ProcessResult assay(std::vector<std::string> arguments, const ProcessOptions& options = {}) {
    arguments.insert(arguments.begin(), ASSAY_BINARY);
    ProcessOptions own = options;
    own.environment.push_back("XDG_CACHE_HOME=" + out("cache"));
    return testing::run_process(arguments, own);
  }
  std::string backend(const std::string& kind, const std::string& more = {}) const {
    return fmt::format("http:url=http://127.0.0.1:{}/{}/v1,retry-pause=0.01{}", server_->port(),
                       kind, more);
  }
  std::vector<std::string> run_command(const std::string& backend, const std::string& folder,
                                       const std::string& task = "mini-math:first=6") const {
    return {"run", "--backend", backend,    "--task", task, "--max-new-tokens",
            "64",  "--out",     out(folder)};
  }
  std::string out(const std::string& name) const { return (dir_.path() / name).string(); }
  std::string text(const std::string& name) const { return testing::read_text(dir_.path() / name); }
  json report(const std::string& name) const { return json::parse(text(name + "/report.json")); }
  std::string vocabulary() const {
    testing::TinyModel tiny = testing::tiny_model(Arch::llama, TensorType::F32);
    tiny.max_context = 4096;
    testing::tiny_gguf(tiny).write(out("m.gguf"));
    return out("m.gguf");
  }
  /// Whether journal and report of the folder fit their schemas; true without a Python that can
  /// say.
  bool fits(const std::string& folder) const {
    const char* python = std::getenv("ASSAY_TEST_PYTHON");
    if (python == nullptr || *python == '\0') return true;
    const std::string root = ASSAY_SOURCE_ROOT;
    bool fine = true;
    for (const auto& [schema, file] :
         {std::pair("journal", "journal.jsonl"), std::pair("report", "report.json")}) {
      const ProcessResult result =
          testing::run_process({python, root + "/tests/reports/validate_schema.py",
                                fmt::format("{}/reports/schema/{}.schema.json", root, schema),
                                out(folder) + "/" + file});
      if (result.exit_code != 0) ADD_FAILURE() << result.out << result.err;
      fine = fine && result.exit_code == 0;
    }
    return fine;
  }

  testing::TempDir dir_;
  std::unique_ptr<testing::PythonServer> server_;
};

TEST_F(EndpointCli, ARunWithoutAnythingLocal) {
  const ProcessResult run = assay(run_command(backend("good"), "run"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("identity best effort"));
  const json made = report("run");
  EXPECT_EQ(made["identity"]["numerics"], "best effort");
  EXPECT_EQ(made["identity"]["portable"], false);
  EXPECT_EQ(made["model"]["name"], "m");
  EXPECT_EQ(made["model"]["sha256"], nullptr);
  for (const auto& [name, value] : made["memory"].items()) EXPECT_EQ(value, nullptr) << name;
  EXPECT_EQ(made["cpu_utilization"], nullptr);
  const json& endpoint = made["endpoint"];
  EXPECT_EQ(endpoint["identity"], "best effort");
  EXPECT_EQ(endpoint["tokenizer"], nullptr);
  EXPECT_EQ(endpoint["probes"]["seed"]["verdict"], "honoured");
  EXPECT_EQ(endpoint["probes"]["template"]["verdict"], "not checked");
  EXPECT_EQ(endpoint["probes"]["context"]["verdict"], "holds");
  EXPECT_EQ(endpoint["replies"]["forms"]["content"], 6);
  const json& task = made["tasks"][0];
  EXPECT_EQ(task["counts"]["done"], 6);
  EXPECT_TRUE(task["metrics"]["pass@1"]["value"].is_number());
  EXPECT_EQ(task["problems"][0]["tokens"], nullptr) << "nothing here can count them";
  EXPECT_EQ(task["length"]["median_tokens"], nullptr);
  EXPECT_EQ(made["throughput"]["decode_tokens_per_s"], nullptr);
  EXPECT_THAT(text("run/report.html"), HasSubstr("<h2>Endpoint</h2>"));
  EXPECT_TRUE(fits("run"));
}

TEST_F(EndpointCli, ALocalVocabularyCounts) {
  std::vector<std::string> command = run_command(backend("good"), "run");
  command.insert(command.end(), {"--model", vocabulary()});
  const ProcessResult run = assay(command);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json made = report("run");
  EXPECT_TRUE(made["endpoint"]["tokenizer"]["sha256"].is_string());
  EXPECT_EQ(made["model"]["sha256"], nullptr) << "nothing shows that these weights answered";
  EXPECT_GT(made["tasks"][0]["problems"][0]["tokens"], 0);
  EXPECT_TRUE(made["tasks"][0]["problems"][0]["prompt_tokens"].is_number());
  EXPECT_TRUE(made["tasks"][0]["problems"][0]["tokens_hash"].is_string());
  EXPECT_TRUE(fits("run"));
}

TEST_F(EndpointCli, FailuresAreClassedAndTheRunGoesOn) {
  const ProcessResult run =
      assay(run_command(backend("counted", ",retries=0,probe=off,concurrency=2"), "run"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json first = report("run");
  const std::int64_t failed = first["tasks"][0]["counts"]["failed"];
  EXPECT_GT(failed, 0);
  EXPECT_EQ(first["endpoint"]["replies"]["errors"]["http_5xx"], failed);
  EXPECT_EQ(first["tasks"][0]["outcomes"]["infrastructure_failure"], failed);
  EXPECT_TRUE(fits("run"));
  std::vector<std::string> again =
      run_command(backend("counted", ",retries=9,probe=off,concurrency=2"), "run");
  again.emplace_back("--resume");
  ASSERT_EQ(assay(again).exit_code, 0);
  EXPECT_EQ(report("run")["tasks"][0]["counts"]["failed"], 0) << "what failed is tried again";
}

TEST_F(EndpointCli, AKilledRunGoesOnWithoutDoubles) {
  std::vector<std::string> command =
      run_command(backend("counted", ",retries=9,probe=off,concurrency=3"), "run", "mini-math");
  command.emplace_back("--resume");
  for (const int after_ms : {150, 250, 400}) {
    ProcessOptions options;
    options.kill_after_ms = after_ms;
    assay(command, options);
  }
  const ProcessResult last = assay(command);
  ASSERT_EQ(last.exit_code, 0) << last.err;
  const Journal journal = value_or_throw(read_journal(out("run") + "/journal.jsonl"));
  std::set<std::string> keys;
  for (const json& sample : journal.samples) keys.insert(sample.at("key"));
  EXPECT_EQ(journal.samples.size(), 20U);
  EXPECT_EQ(keys.size(), 20U);
  EXPECT_EQ(report("run")["tasks"][0]["counts"]["done"], 20);
}

TEST_F(EndpointCli, NoOutputHoldsAKey) {
  ProcessOptions keyed;
  keyed.environment = {std::string("ASSAY_E2E_KEY=") + kKey};
  for (const char* kind : {"echo", "always500", "locked", "keyed"}) {
    const std::string folder = std::string("run-") + kind;
    const ProcessResult run =
        assay(run_command(backend(kind, ",retries=0,key-env=ASSAY_E2E_KEY"), folder), keyed);
    EXPECT_THAT(run.out + run.err, Not(HasSubstr(kKey))) << kind;
    if (!std::filesystem::exists(out(folder))) continue;
    for (const auto& file : std::filesystem::directory_iterator(out(folder))) {
      EXPECT_THAT(testing::read_text(file.path()), Not(HasSubstr(kKey))) << file.path();
    }
  }
  ASSERT_TRUE(std::filesystem::exists(out("run-echo/journal.jsonl")));
  EXPECT_THAT(text("run-echo/journal.jsonl"), HasSubstr("[secret]"));
  const std::string user =
      fmt::format("http:url=http://me:hunter2@127.0.0.1:{}/echo/v1,probe=off", server_->port());
  const ProcessResult run = assay(run_command(user, "run-user"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const char* file : {"journal.jsonl", "report.json", "report.html"}) {
    EXPECT_THAT(text(std::string("run-user/") + file), Not(HasSubstr("hunter2"))) << file;
  }
  EXPECT_THAT(run.out + run.err, Not(HasSubstr("hunter2")));
}

TEST_F(EndpointCli, DryRunReachesForNothingAndSaysWhatItWouldAsk) {
  std::vector<std::string> command = run_command("http:url=http://127.0.0.1:1/v1", "run");
  command.emplace_back("--dry-run");
  const ProcessResult plan = assay(command);
  ASSERT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("probe    context: a code word"));
  EXPECT_THAT(plan.out, HasSubstr("tokens   not counted"));
  EXPECT_FALSE(std::filesystem::exists(out("run")));
}

TEST_F(EndpointCli, WhatCannotBeIsRefusedInOneLine) {
  const auto error = [&](const std::vector<std::string>& command, int code) {
    const ProcessResult result = assay(command);
    EXPECT_EQ(result.exit_code, code) << result.err;
    const std::size_t at = result.err.rfind("assay: error: ");
    EXPECT_NE(at, std::string::npos) << result.err;
    return at == std::string::npos ? result.err : result.err.substr(at);
  };
  std::vector<std::string> exact = run_command(backend("good"), "x");
  exact.insert(exact.end(), {"--numerics", "exact"});
  EXPECT_THAT(error(exact, 2), HasSubstr("best effort"));
  EXPECT_THAT(error(run_command("http", "x"), 2), HasSubstr("url=http://127.0.0.1:8000/v1"));
  EXPECT_THAT(error(run_command("http:url=http://a:p,w@h/v1", "x"), 2), Not(HasSubstr("w@h")));
  EXPECT_THAT(error(run_command("http:url=http://127.0.0.1:1/v1", "x"), 3),
              HasSubstr("is the server running there?"));
  EXPECT_THAT(error(run_command(backend("many"), "x"), 3),
              HasSubstr("add model=NAME; it has a, b"));
  EXPECT_THAT(error({"bench", "--model", vocabulary(), "--backend", backend("good")}, 2),
              HasSubstr("use it with `assay run`"));
  const ProcessResult list = assay({"list", "backends"});
  EXPECT_THAT(list.out, HasSubstr("http"));
  EXPECT_THAT(list.out, HasSubstr("option url=http://HOST:PORT/v1"));
}

/// What a sample came to, without times.
json essence(const std::string& folder) {
  const Journal journal = value_or_throw(read_journal(folder + "/journal.jsonl"));
  json out = json::array();
  for (const json& sample : journal.samples) {
    const std::string key = sample.at("key");
    const json& grade = journal.grades.at(key);
    const json& chain = journal.chains.at(key);
    out.push_back({sample.at("problem"), sample.at("sample"), sample.at("prompt_sha256"),
                   sample.at("text"), sample.at("stop"), sample.at("tokens"), grade.at("verdict"),
                   grade.at("extracted"), chain.at("components"), chain.at("outcome")});
  }
  return out;
}

TEST_F(EndpointCli, OurOwnServerGivesTheNativeTextsAndVerdicts) {
  const std::string root = ASSAY_SOURCE_ROOT;
  const std::string student = root + "/distill/models/student";
  const testing::PythonServer served(root + "/tests/e2e/serve_process.py",
                                     {ASSAY_BINARY, "--model", student});
  if (served.port() == 0) GTEST_SKIP() << "this build has no assay serve";
  const std::string url = fmt::format("http:url=http://127.0.0.1:{}/v1", served.port());
  const std::vector<std::string> sampled = {"--sampling", "custom", "--temperature", "0.9",
                                            "--top-p",    "0.95",   "--seed",        "3",
                                            "--samples",  "2"};
  for (const bool draws : {false, true}) {
    const auto run = [&](const std::string& backend) {
      const std::string folder = fmt::format("{}-{}", backend.substr(0, 3), draws);
      std::vector<std::string> command = {"run",
                                          "--backend",
                                          backend,
                                          "--model",
                                          student,
                                          "--task",
                                          "mini-chain:first=4",
                                          "--max-new-tokens",
                                          "200",
                                          "--out",
                                          out(folder)};
      if (draws) command.insert(command.end(), sampled.begin(), sampled.end());
      const ProcessResult result = assay(command);
      EXPECT_EQ(result.exit_code, 0) << result.err;
      if (backend == url) {
        const json probes = report(folder).at("endpoint").at("probes");
        EXPECT_EQ(probes["template"]["verdict"], "same ids") << probes["template"];
        EXPECT_EQ(probes["stop"]["verdict"], "honoured") << probes["stop"];
        EXPECT_EQ(probes["stop"]["inside_thinking"], false) << probes["stop"];
      }
      return essence(out(folder));
    };
    const json native = run("cpu");
    EXPECT_EQ(native.size(), draws ? 8U : 4U);
    EXPECT_EQ(run(url), native);
    std::filesystem::remove_all(out(fmt::format("htt-{}", draws)));
    EXPECT_EQ(run(url + ",api=completions"), native);
  }
}

}  // namespace
}  // namespace assay
