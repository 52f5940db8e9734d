// Every report that can be built from a journal fits reports/schema, and so do the journals.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "reports/audit/audit.h"
#include "reports/audit/project.h"
#include "reports/common/report.h"
#include "reports/gate/gate.h"
#include "tests/reports/fixture.h"
#include "tests/support/test_data.h"

namespace assay::testing {
namespace {

struct NamedRun {
  std::string name;
  JournalBuilder run;
};

JournalBuilder many_samples(const std::string& profile, const std::string& outcome) {
  JournalBuilder run;
  run.add_task("mini-math", 3, 4, profile);
  for (int i = 0; i < 12; ++i) {
    SampleSpec spec;
    spec.problem = i / 4;
    spec.sample = i % 4;
    spec.outcome = i % 3 == 0 ? "correct_complete" : outcome;
    run.add_sample(spec);
  }
  run.add_totals();
  return run;
}

JournalBuilder without_samples() {
  JournalBuilder run;
  run.add_task("mini-math", 4, 1);
  return run;
}

JournalBuilder all_failed() {
  JournalBuilder run;
  run.add_task("mini-math", 2, 1);
  for (int i = 0; i < 2; ++i) {
    SampleSpec spec;
    spec.problem = i;
    spec.outcome = "infrastructure_failure";
    spec.tokens.clear();
    run.add_sample(spec);
  }
  run.add_totals();
  return run;
}

JournalBuilder one_failed() {
  JournalBuilder run;
  run.add_task("mini-math", 3, 2);
  for (int i = 0; i < 6; ++i) {
    SampleSpec spec;
    spec.problem = i / 2;
    spec.sample = i % 2;
    if (i == 3) spec.outcome = "infrastructure_failure";
    run.add_sample(spec);
  }
  run.add_totals();
  return run;
}

JournalBuilder bench_only() {
  JournalBuilder run;
  run.add_bench("prefill", 512, 0, 1, 900);
  run.add_bench("decode", 128, 0, 1, 150);
  run.add_bench("decode", 128, 1024, 8, 400);
  run.add_totals();
  return run;
}

JournalBuilder resumed() {
  JournalBuilder run = finished_run();
  run.add({{"type", "resume"}, {"utc", "2026-11-23T21:00:00Z"}});
  run.add_totals(100);
  return run;
}

JournalBuilder partial() {
  JournalBuilder run = finished_run();
  run.plan()["tasks"][0]["n_problems"] = 10;
  SampleSpec ungraded;
  ungraded.problem = 4;
  ungraded.with_grade = false;
  ungraded.with_chain = false;
  run.add_sample(ungraded);
  return run;
}

JournalBuilder skipped_task() {
  JournalBuilder run = finished_run();
  run.add_task("humaneval", 164, 1)["skipped"] = "bubblewrap is not installed";
  return run;
}

JournalBuilder with_retention() {
  JournalBuilder run = finished_run();
  run.add(retention_record());
  return run;
}

JournalBuilder debug_build() {
  JournalBuilder run = bench_only();
  run.plan()["tool"]["build_type"] = "Debug";
  return run;
}

JournalBuilder sparse_plan() {
  JournalBuilder run;
  for (const char* name : {"device", "decoding", "identity"}) {
    run.plan()[name] = nlohmann::json::object();
  }
  return run;
}

std::vector<NamedRun> all_runs() {
  return {{"finished", finished_run()},
          {"thinking", many_samples("thinking", "looped")},
          {"plain", many_samples("plain", "wrong_incomplete")},
          {"undecided", many_samples("plain", "undecided")},
          {"no_answer", many_samples("plain", "no_answer")},
          {"without_samples", without_samples()},
          {"all_failed", all_failed()},
          {"one_failed", one_failed()},
          {"bench_only", bench_only()},
          {"resumed", resumed()},
          {"partial", partial()},
          {"skipped_task", skipped_task()},
          {"with_retention", with_retention()},
          {"debug_build", debug_build()},
          {"sparse_plan", sparse_plan()}};
}

/// Runs the validator; true when everything fits.
bool fits(const std::string& python, const std::string& schema, const std::string& files) {
  const std::string command =
      fmt::format("'{}' '{}/tests/reports/validate_schema.py' '{}/{}' {}", python, ASSAY_SOURCE_DIR,
                  ASSAY_SOURCE_DIR, schema, files);
  return std::system(command.c_str()) == 0;  // NOLINT: fixed words and our own temporary names
}

#define ASSAY_REQUIRE_PYTHON(var)                                                   \
  const char* var##_env = std::getenv("ASSAY_TEST_PYTHON");                         \
  if (var##_env == nullptr || *var##_env == '\0') {                                 \
    GTEST_SKIP() << "ASSAY_TEST_PYTHON is unset: no Python with jsonschema to ask"; \
  }                                                                                 \
  const std::string var = var##_env

TEST(Schema, EveryReportFits) {
  ASSAY_REQUIRE_PYTHON(python);
  const TempDir dir;
  std::string files;
  for (const NamedRun& it : all_runs()) {
    const auto path = dir.path() / (it.name + ".json");
    write_text(path, build_report(it.run.journal()).dump(1));
    files += " '" + path.string() + "'";
  }
  EXPECT_TRUE(fits(python, "reports/schema/report.schema.json", files));
}

TEST(Schema, EveryJournalFits) {
  ASSAY_REQUIRE_PYTHON(python);
  const TempDir dir;
  std::string files;
  for (const NamedRun& it : all_runs()) {
    const auto path = dir.path() / (it.name + ".jsonl");
    write_text(path, it.run.text());
    files += " '" + path.string() + "'";
  }
  EXPECT_TRUE(fits(python, "reports/schema/journal.schema.json", files));
}

TEST(Schema, WrongReportsDoNotFit) {
  ASSAY_REQUIRE_PYTHON(python);
  const TempDir dir;
  const auto path = dir.path() / "report.json";
  const nlohmann::json good = build_report(finished_run().journal());
  const auto broken_fits = [&](const nlohmann::json& broken) {
    write_text(path, broken.dump());
    return fits(python, "reports/schema/report.schema.json", "'" + path.string() + "' >/dev/null");
  };
  ASSERT_TRUE(broken_fits(good));
  for (const char* pointer :
       {"/throughput/ttft_ms/p99", "/tasks/0/metrics/pass@1", "/tasks/0/chain/components/C10",
        "/tasks/0/outcomes/looped", "/identity/portable", "/tasks/0/problems/0/tokens_hash"}) {
    nlohmann::json broken = good;
    const nlohmann::json::json_pointer at(pointer);
    broken.at(at.parent_pointer()).erase(at.back());
    EXPECT_FALSE(broken_fits(broken)) << pointer;
  }
  nlohmann::json zero = good;
  zero["throughput"]["decode_tokens_per_s"] = 0;  // unknown is null, never 0
  EXPECT_FALSE(broken_fits(zero));
  nlohmann::json retention = build_report(with_retention().journal());
  ASSERT_TRUE(broken_fits(retention));
  retention["tasks"][0]["retention"]["forced"]["self"].erase("kl");
  EXPECT_FALSE(broken_fits(retention));
  nlohmann::json percent = good;
  percent["tasks"][0]["metrics"]["pass@1"]["value"] = 75;
  EXPECT_FALSE(broken_fits(percent));
}

/// Validates one value; true when it fits.
bool value_fits(const std::string& python, const std::string& schema, const nlohmann::json& value) {
  const TempDir dir;
  const auto path = dir.path() / "value.json";
  write_text(path, value.dump());
  return fits(python, "reports/schema/" + schema, "'" + path.string() + "'");
}

TEST(Schema, TheAuditItsClaimsAndAProjectionFit) {
  ASSAY_REQUIRE_PYTHON(python);
  const std::string shipped = std::string(ASSAY_SOURCE_DIR) + "/reports/audit/claims/";
  const std::string name = shipped + "r1-distill-qwen-1.5b.json";
  EXPECT_TRUE(fits(python, "reports/schema/claims.schema.json", "'" + name + "'"));
  const ClaimsFile claims = value_or_throw(load_claims(name));
  const std::vector<NamedReport> reports = {
      {"report.json", build_report(finished_run().journal())}};
  EXPECT_TRUE(
      value_fits(python, "audit.schema.json", audit_claims({&claims, reports, {}, nullptr})));
  ProjectRequest request;
  request.shape = find_shape(known_shapes(), "smollm2-135m");
  request.device = find_device(known_devices(), "raspberry-pi-5");
  request.own = {"Q4_1*", 4, true, 98000000, 98000000};
  EXPECT_TRUE(value_fits(python, "project.schema.json", project_model(request)));
}

TEST(Schema, EveryGateOutcomeFits) {
  ASSAY_REQUIRE_PYTHON(python);
  const NamedReport report = {"a.json", build_report(finished_run().journal())};
  EXPECT_TRUE(value_fits(python, "gate.schema.json",
                         gate_json(value_or_throw(gate_reports(report, report, {})))));
  int runs = 0;
  const auto slower = run_speed_gate({}, [&runs](Side side) -> Result<Measurement> {
    return Measurement{{"k", (side == Side::candidate ? 1.1 : 1) + 0.001 * (++runs % 5)}};
  });
  const GateOutcome outcome = gate_of_speed({}, *slower, {{100, 100}, {120, 120}}, 0.05);
  EXPECT_FALSE(outcome.passed());
  EXPECT_TRUE(value_fits(python, "gate.schema.json", gate_json(outcome)));
}

}  // namespace
}  // namespace assay::testing
