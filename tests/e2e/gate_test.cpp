// `assay gate`, `assay audit` and `assay project` as a person runs them. Programs that are gated
// are shell scripts which print what they "measured": nothing here depends on this machine's speed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProcessResult;

class Gate : public ::testing::Test {
 protected:
  ProcessResult assay(std::vector<std::string> arguments,
                      const std::vector<std::string>& environment = {}) {
    arguments.insert(arguments.begin(), ASSAY_BINARY);
    testing::ProcessOptions options;
    options.environment = environment;
    options.environment.push_back("XDG_CACHE_HOME=" + (dir_.path() / "cache").string());
    for (const char* name : {"GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"}) {
      if (std::none_of(environment.begin(), environment.end(), [name](const std::string& it) {
            return it.starts_with(std::string(name) + "=");
          })) {
        options.environment.push_back(std::string(name) + "=");
      }
    }
    return testing::run_process(arguments, options);
  }
  std::string out(const std::string& name) const { return (dir_.path() / name).string(); }

  std::string script(const std::string& name, const std::string& body) const {
    const std::string path = out(name);
    testing::write_text(path, "#!/bin/sh\n" + body);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  /// Prints one benchmark of `base` ns, one more at each run, so that no two runs are equal.
  std::string benchmark(const std::string& name, int base) const {
    const std::string count = out(name + ".count");
    return script(name,
                  "n=$(($(cat " + count + " 2>/dev/null || echo 0) + 1)); echo $n > " + count +
                      "\nprintf '{\"context\":{},\"benchmarks\":[{\"name\":\"k\",\"run_type\":"
                      "\"iteration\",\"real_time\":%d,\"cpu_time\":1,\"time_unit\":\"ns\"}]}' $((" +
                      std::to_string(base) + " + n % 7))\n");
  }

  static void write_model(const std::string& path) {
    testing::TinyModel tiny = testing::tiny_model(Arch::llama, TensorType::F32);
    tiny.max_context = 4096;
    testing::tiny_gguf(tiny).write(path);
  }

  /// A run of four problems on a tiny model; its folder.
  std::string run(const std::string& name, const std::string& weights = "m.gguf") {
    if (!std::filesystem::exists(out(weights))) {
      write_model(out(weights));
    }
    const ProcessResult made =
        assay({"run", "--model", out(weights), "--backend", "reference", "--task",
               "mini-math:limit=4", "--max-new-tokens", "8", "--out", out(name)});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return out(name);
  }

  testing::TempDir dir_;
};

void expect_error(const ProcessResult& result, int exit_code, const std::string& part) {
  EXPECT_EQ(result.exit_code, exit_code) << result.err;
  const std::size_t at = result.err.rfind("assay: error: ");
  ASSERT_NE(at, std::string::npos) << result.err;
  const std::string line = result.err.substr(at);
  EXPECT_THAT(line, HasSubstr(part));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << "one line: " << line;
}

TEST_F(Gate, TwoReportsOfOneBuildPassAndAChangedOneFails) {
  const std::string a = run("a") + "/report.json";
  const std::string b = run("b") + "/report.json";
  const ProcessResult same = assay({"gate", "--baseline", a, "--candidate", b, "--memory-tolerance",
                                    "50", "--junit", out("gate.xml"), "--json"});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
  EXPECT_EQ(json::parse(same.out).at("passed"), true);
  EXPECT_THAT(testing::read_text(out("gate.xml")), HasSubstr("failures=\"0\""));

  json changed = json::parse(testing::read_text(b));
  changed["tasks"][0]["problems"][2]["tokens_hash"] = "0000000000000000";
  changed["tasks"][0]["logits_hash"] = std::string(64, '0');
  testing::write_text(out("changed.json"), changed.dump());
  const ProcessResult other = assay(
      {"gate", "--baseline", a, "--candidate", out("changed.json"), "--markdown", out("gate.md")},
      {"GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY=" + out("summary.md")});
  EXPECT_EQ(other.exit_code, 1) << other.err;
  EXPECT_THAT(other.out, AllOf(HasSubstr("FAILED"), HasSubstr("1 of 4 samples differ"),
                               HasSubstr("\n::error title=assay gate%3A mini-math logits::")));
  EXPECT_EQ(testing::read_text(out("gate.md")), testing::read_text(out("summary.md")));
}

TEST_F(Gate, OtherModelsAndDamagedReportsAreRefusedByName) {
  const std::string a = run("a") + "/report.json";
  json other = json::parse(testing::read_text(a));
  other["model"]["sha256"] = "another";
  testing::write_text(out("other.json"), other.dump());
  expect_error(assay({"gate", "--baseline", a, "--candidate", out("other.json")}), 3,
               "the model files differ");
  other["schema_version"] = 9;
  testing::write_text(out("other.json"), other.dump());
  expect_error(assay({"gate", "--baseline", a, "--candidate", out("other.json")}), 3,
               "schema version 9");
  testing::write_text(out("other.json"), testing::read_text(a).substr(0, 400));
  expect_error(assay({"gate", "--baseline", a, "--candidate", out("other.json")}), 3, "is damaged");
  expect_error(assay({"gate", "--baseline", a}), 2, "--candidate B.json");
  expect_error(assay({"gate"}), 2, "--self-test");
  expect_error(assay({"gate", "--self-test", "--baseline", a, "--candidate", a}), 2,
               "give two reports, two binaries, or --self-test");
}

TEST_F(Gate, ASlowerProgramFailsAndAnEqualOnePasses) {
  const std::string old = benchmark("old", 1000);
  const std::string slow = benchmark("slow", 1060);
  const ProcessResult slower =
      assay({"gate", "--baseline-bin", old, "--candidate-bin", slow, "--memory-tolerance", "1000",
             "--junit", out("gate.xml"), "--benchmark-out", out("gb"), "--json"});
  EXPECT_EQ(slower.exit_code, 1) << slower.out << slower.err;
  const json result = json::parse(slower.out);
  EXPECT_EQ(result.at("speed").at("failed"), json::array({"k"}));
  EXPECT_NEAR(result["speed"]["first"]["metrics"][0]["ratio"].get<double>(), 1.06, 0.005);
  EXPECT_THAT(testing::read_text(out("gate.xml")), HasSubstr("failures=\"1\""));
  const json written = json::parse(testing::read_text(out("gb/candidate.json")));
  EXPECT_EQ(written.at("benchmarks").size(), 10);

  const std::string same = benchmark("same", 1000);
  const ProcessResult equal = assay({"gate", "--baseline-bin", old, "--candidate-bin", same,
                                     "--memory-tolerance", "1000", "--", "--any", "argument"});
  EXPECT_EQ(equal.exit_code, 0) << equal.out << equal.err;
  EXPECT_THAT(equal.out, HasSubstr("gate: passed"));
}

TEST_F(Gate, WhatAProgramDoesWrongIsOneLine) {
  const std::string good = benchmark("good", 1000);
  const auto against = [&](const std::string& candidate, std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"gate", "--baseline-bin", good, "--candidate-bin", candidate};
    all.insert(all.end(), more.begin(), more.end());
    return assay(all);
  };
  expect_error(against(script("text", "echo no json")), 3, "printed no JSON but 'no json");
  expect_error(against(script("crash", "kill -SEGV $$")), 3, "was ended by signal 11");
  expect_error(against(script("fails", "echo ::error::bad >&2; exit 3")), 3, "exit code 3: ");
  expect_error(against(script("hangs", "sleep 60"), {"--timeout", "0.5"}), 3, "did not end within");
  expect_error(against(script("other",
                              "echo '{\"context\":{},\"benchmarks\":[{\"name\":\"z\","
                              "\"real_time\":1,\"cpu_time\":1}]}'")),
               3, "the runs do not measure the same: 'z'");
  expect_error(against(out("absent")), 3, "cannot be started");
  expect_error(against(good, {"--cpus", "77777"}), 2, "--cpus '77777'");
  expect_error(assay({"gate", "--baseline-bin", good}), 2, "--candidate-bin Q");
}

TEST_F(Gate, WallTimeNeedsNoOutput) {
  const ProcessResult wall = assay({"gate", "--baseline-bin", "/bin/true", "--candidate-bin",
                                    "/bin/true", "--wall", "--memory-tolerance", "1000", "--json"});
  ASSERT_TRUE(wall.exit_code == 0 || wall.exit_code == 1) << wall.err;
  EXPECT_EQ(json::parse(wall.out)["speed"]["first"]["metrics"][0]["name"], "wall time");
}

TEST_F(Gate, TheSelfTestHasItsContract) {
  const ProcessResult test =
      assay({"gate", "--self-test", "--trials", "2", "--kernel-ms", "1", "--json"});
  ASSERT_TRUE(test.exit_code == 0 || test.exit_code == 1) << test.err;
  const json out = json::parse(test.out);
  EXPECT_EQ(out.at("trials"), 2);
  EXPECT_TRUE(out.at("false_alarm_rate").is_number());
  EXPECT_TRUE(out.at("power_at_5_percent").is_number());
  EXPECT_TRUE(out.at("noise").at("class").is_string());
}

TEST_F(Gate, TheAuditOfTheArticle) {
  const ProcessResult audit = assay({"audit", "--claims", "r1-distill-qwen-1.5b", "--json"});
  EXPECT_EQ(audit.exit_code, 1) << audit.err;
  const json out = json::parse(audit.out);
  std::map<std::string, json> by_id;
  for (const json& claim : out.at("claims")) {
    by_id[claim.at("id")] = claim;
    for (const char* name :
         {"claim", "published", "conditions", "verdict", "bounds", "measured", "why"}) {
      EXPECT_TRUE(claim.contains(name)) << name;
    }
  }
  EXPECT_EQ(by_id["article-a17"]["verdict"], "impossible");
  EXPECT_THAT(by_id["article-a17"]["scope"].get<std::string>(), HasSubstr("at 3 bits and more"));
  for (const json& row : by_id["article-q4-bytes"]["bounds"]) {
    if (row["name"] == "Q4_K_M") {
      EXPECT_NEAR(row["value"].get<double>(), 1.12e9, 0.02e9);
    }
    if (row["name"] == "Q4_0") {
      EXPECT_NEAR(row["value"].get<double>(), 1.07e9, 0.02e9);
    }
  }
  const ProcessResult text = assay({"audit", "--claims", "r1-distill-qwen-1.5b"});
  EXPECT_THAT(text.out, HasSubstr("51.2 GB/s"));
  expect_error(assay({"audit", "--claims", this->out("absent.json")}), 3, "absent.json");
  testing::write_text(this->out("bad.json"), "{\"claims\": [{\"metric\": \"x\"}]}");
  expect_error(assay({"audit", "--claims", this->out("bad.json")}), 3, "claims[0]");
  EXPECT_EQ(assay({"audit"}).exit_code, 2);
}

TEST_F(Gate, AReportAndAPageOfTheAudit) {
  const std::string report = run("a") + "/report.json";
  testing::write_text(out("claims.json"),
                      R"([{"subject": "m", "metric": "score", "task": "mini-math", "value": 0.9,
                           "source": "<script>alert(1)</script>"}])");
  const ProcessResult audit =
      assay({"audit", "--claims", out("claims.json"), report, "-o", out("audit.html"), "--json"});
  EXPECT_TRUE(audit.exit_code == 0 || audit.exit_code == 1) << audit.err;
  EXPECT_THAT(testing::read_text(out("audit.html")), Not(HasSubstr("<script>alert")));
}

TEST_F(Gate, AProjectionIsMarkedAsOne) {
  const ProcessResult named = assay({"project", "--model", "deepseek-r1-distill-qwen-1.5b",
                                     "--device", "raspberry-pi-5", "--json"});
  ASSERT_EQ(named.exit_code, 0) << named.err;
  const json out = json::parse(named.out);
  EXPECT_EQ(out.at("projection"), true);
  EXPECT_EQ(out.at("best_precision"), "F16");
  write_model(this->out("m.gguf"));
  const ProcessResult file =
      assay({"project", "--model", this->out("m.gguf"), "--device", "rtx-3060", "--context", "64"});
  EXPECT_EQ(file.exit_code, 0) << file.err;
  EXPECT_THAT(file.out, AllOf(HasSubstr("projection, nothing was measured"), HasSubstr("F32*")));
  testing::tiny_gguf(testing::tiny_model(Arch::llama, TensorType::F32)).write(this->out("s.gguf"));
  const ProcessResult short_one =
      assay({"project", "--model", this->out("s.gguf"), "--device", "raspberry-pi-5", "--json"});
  EXPECT_EQ(short_one.exit_code, 0) << short_one.err;
  EXPECT_EQ(json::parse(short_one.out).at("context"), 512) << "the model's own is shorter";
  expect_error(assay({"project", "--model", "smollm2-135m", "--device", "rtx-3061"}), 2,
               "did you mean 'rtx-3060'");
  expect_error(assay({"project", "--model", "nothing", "--device", "rtx-3060"}), 2,
               "unknown model 'nothing'");
  const ProcessResult devices = assay({"list", "devices", "--json"});
  bool found = false;
  for (const json& row : json::parse(devices.out)) {
    if (row.at("name") != "rtx-3060") continue;
    found = true;
    EXPECT_EQ(row.at("kind"), "datasheet");
    EXPECT_EQ(row.at("available"), false);
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace assay
