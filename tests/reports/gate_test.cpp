#include "reports/gate/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reports/common/foreign_text.h"
#include "reports/common/report.h"
#include "reports/gate/measurement.h"
#include "tests/reports/fixture.h"

namespace assay::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// `n` problems of which the first `right` are right; under exact unless said otherwise.
JournalBuilder run_of(int n, int right, const std::string& numerics = "exact",
                      const std::string& semantics = "exact/1") {
  JournalBuilder run;
  run.plan()["backend"]["numerics"] = numerics;
  run.plan()["identity"]["numerics"] = numerics;
  run.plan()["identity"]["semantics"] = semantics;
  run.add_task("mini-math", n, 1);
  for (int i = 0; i < n; ++i) {
    SampleSpec spec;
    spec.problem = i;
    if (i >= right) spec.outcome = "wrong_complete";
    run.add_sample(spec);
  }
  run.add_totals();
  return run;
}

NamedReport named(const JournalBuilder& run, const std::string& name) {
  return {name, build_report(run.journal())};
}

GateOutcome gate(const NamedReport& a, const NamedReport& b, const ReportGateOptions& o = {}) {
  return value_or_throw(gate_reports(a, b, o));
}

const GateCheck* find(const GateOutcome& outcome, const std::string& subject,
                      const std::string& name) {
  for (const GateCheck& check : outcome.checks) {
    if (check.subject == subject && check.name == name) return &check;
  }
  return nullptr;
}

CheckStatus status(const GateOutcome& outcome, const std::string& subject,
                   const std::string& name) {
  const GateCheck* check = find(outcome, subject, name);
  EXPECT_NE(check, nullptr) << subject << " " << name;
  return check == nullptr ? CheckStatus::note : check->status;
}

TEST(ReportGate, EqualReportsPass) {
  const NamedReport a = named(run_of(8, 5), "a.json");
  const GateOutcome outcome = gate(a, a);
  EXPECT_TRUE(outcome.passed());
  EXPECT_EQ(status(outcome, "mini-math", "logits"), CheckStatus::passed);
  EXPECT_EQ(status(outcome, "mini-math", "pass@1"), CheckStatus::passed);
  EXPECT_EQ(status(outcome, "mini-math", "complete chains"), CheckStatus::passed);
  EXPECT_EQ(status(outcome, "memory", "host peak"), CheckStatus::passed);
  EXPECT_EQ(status(outcome, "speed", "decode"), CheckStatus::note);
  EXPECT_THAT(find(outcome, "speed", "decode")->why, HasSubstr("not gated"));
}

TEST(ReportGate, OneOtherTokenFailsUnderExactAndIsNamed) {
  JournalBuilder other;
  other.plan() = run_of(1, 1).plan();
  other.plan()["tasks"] = json::array();
  other.add_task("mini-math", 8, 1);
  for (int i = 0; i < 8; ++i) {
    SampleSpec spec;
    spec.problem = i;
    if (i >= 5) spec.outcome = "wrong_complete";
    if (i == 6) spec.tokens = {11, 12, 99, 2};
    other.add_sample(spec);
  }
  other.add_totals();
  const GateOutcome outcome = gate(named(run_of(8, 5), "a.json"), named(other, "b.json"));
  EXPECT_FALSE(outcome.passed());
  EXPECT_THAT(find(outcome, "mini-math", "samples")->why,
              HasSubstr("1 of 8 samples differ, the first is"));
  EXPECT_EQ(status(outcome, "mini-math", "pass@1"), CheckStatus::passed) << "the score is the same";
}

TEST(ReportGate, ALowerScoreFailsUnderExact) {
  const GateOutcome outcome = gate(named(run_of(8, 5), "a.json"), named(run_of(8, 4), "b.json"));
  EXPECT_FALSE(outcome.passed());
  EXPECT_EQ(status(outcome, "mini-math", "pass@1"), CheckStatus::failed);
  EXPECT_EQ(status(outcome, "mini-math", "outcomes"), CheckStatus::failed);
}

TEST(ReportGate, UnderFastChanceIsForgiven) {
  const NamedReport a = named(run_of(40, 20, "fast", "f32"), "a.json");
  const GateOutcome small = gate(a, named(run_of(40, 18, "fast", "f32"), "b.json"));
  EXPECT_TRUE(small.passed()) << gate_text(small);
  EXPECT_THAT(find(small, "mini-math", "right")->why, HasSubstr("2 lost, 0 won; McNemar p"));
  const GateOutcome large = gate(a, named(run_of(40, 8, "fast", "f32"), "b.json"));
  EXPECT_FALSE(large.passed());
  EXPECT_EQ(status(large, "mini-math", "right"), CheckStatus::failed);
  const GateOutcome better = gate(a, named(run_of(40, 40, "fast", "f32"), "b.json"));
  EXPECT_TRUE(better.passed()) << "better is no failure";
}

TEST(ReportGate, MemoryHasATolerance) {
  const NamedReport a = named(run_of(4, 2), "a.json");
  NamedReport b = a;
  const auto peak = a.report["memory"]["host_peak_bytes"].get<std::int64_t>();
  b.report["memory"]["host_peak_bytes"] = peak + peak / 10;
  EXPECT_FALSE(gate(a, b).passed());
  ReportGateOptions loose;
  loose.memory_tolerance = 0.2;
  EXPECT_TRUE(gate(a, b, loose).passed());
  EXPECT_TRUE(gate(b, a).passed()) << "less is fine";
}

TEST(ReportGate, AMissingPeakFails) {
  const NamedReport a = named(run_of(4, 2), "a.json");
  NamedReport b = a;
  b.report["memory"]["host_peak_bytes"] = nullptr;
  const GateOutcome outcome = gate(a, b);
  EXPECT_EQ(status(outcome, "memory", "host peak"), CheckStatus::failed);
  EXPECT_FALSE(outcome.passed());
  EXPECT_TRUE(gate(b, a).passed()) << "a new figure is no loss";
}

TEST(ReportGate, SamplesThatVanishOrAreRenamedFail) {
  for (const char* numerics : {"exact", "fast"}) {
    const NamedReport a = named(run_of(8, 8, numerics), "a.json");
    NamedReport fewer = a;
    json& rows = fewer.report["tasks"][0]["problems"];
    rows.erase(rows.begin(), rows.begin() + 2);
    const GateOutcome outcome = gate(a, fewer);
    EXPECT_FALSE(outcome.passed()) << numerics;
    EXPECT_THAT(
        find(outcome, "mini-math", "samples")->why,
        HasSubstr("2 samples are only in the baseline, the first is mini-math/0, sample 0"));
    NamedReport renamed = a;
    renamed.report["tasks"][0]["problems"][3]["id"] = "other";
    EXPECT_THAT(find(gate(a, renamed), "mini-math", "samples")->why,
                AllOf(HasSubstr("a sample is only in the baseline: mini-math/3"),
                      HasSubstr("a sample is only in the candidate: other")));
    NamedReport twice = a;
    twice.report["tasks"][0]["problems"].push_back(a.report["tasks"][0]["problems"][0]);
    EXPECT_FALSE(gate(a, twice).passed());
  }
}

TEST(ReportGate, BuildsThatAreNoReleaseAreNamedAndDecideNoMemory) {
  const NamedReport a = named(run_of(4, 2), "a.json");
  JournalBuilder debug = run_of(4, 2);
  debug.plan()["tool"]["build_type"] = "Debug";
  NamedReport b = named(debug, "b.json");
  b.report["memory"]["host_peak_bytes"] = 1'000'000'000;
  const GateOutcome outcome = gate(a, b);
  EXPECT_TRUE(outcome.passed()) << "the same bits are the same bits";
  EXPECT_THAT(find(outcome, "build", "kind")->why,
              HasSubstr("the candidate's build (Debug): memory and speed decide nothing"));
  EXPECT_EQ(status(outcome, "memory", "host peak"), CheckStatus::skipped);
  ReportGateOptions strict;
  strict.speed_tolerance = 0.2;
  EXPECT_FALSE(gate(a, b, strict).passed()) << "the speed that was asked for is not there";
}

TEST(ReportGate, SpeedIsGatedOnlyWhenAsked) {
  const NamedReport a = named(run_of(4, 2), "a.json");
  NamedReport b = a;
  b.report["throughput"]["decode_tokens_per_s"] =
      a.report["throughput"]["decode_tokens_per_s"].get<double>() / 2;
  EXPECT_TRUE(gate(a, b).passed());
  ReportGateOptions strict;
  strict.speed_tolerance = 0.2;
  EXPECT_FALSE(gate(a, b, strict).passed());
}

TEST(ReportGate, WhatMustNotBeComparedIsRefusedByName) {
  const NamedReport a = named(run_of(4, 2), "a.json");
  const auto refusal = [&](const char* pointer, const json& value) {
    NamedReport b = a;
    b.name = "b.json";
    b.report[json::json_pointer(pointer)] = value;
    const auto outcome = gate_reports(a, b, {});
    if (outcome) return std::string("compared");
    EXPECT_EQ(outcome.error().kind(), ErrorKind::environment);
    EXPECT_EQ(outcome.error().line().find('\n'), std::string::npos);
    return outcome.error().line();
  };
  EXPECT_THAT(refusal("/model/sha256", "other"), HasSubstr("the model files differ"));
  EXPECT_THAT(refusal("/decoding/temperature", 0.6), HasSubstr("the temperatures differ"));
  EXPECT_THAT(refusal("/tasks/0/dataset_sha256", "x"), HasSubstr("mini-math: the datasets differ"));
  EXPECT_THAT(refusal("/tasks/0/max_new_tokens", 77), HasSubstr("the token budgets differ"));
  NamedReport both = a;
  both.report["model"]["sha256"] = "::error::x\n";
  both.report["tasks"][0]["max_new_tokens"] = 77;
  const std::string line = gate_reports(a, both, {}).error().line();
  EXPECT_THAT(line, AllOf(HasSubstr("model files differ"), HasSubstr("budgets differ")));
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(ReportGate, AMissingTaskIsAFailureAndANewOneANote) {
  JournalBuilder two = run_of(4, 2);
  two.add_task("mini-code", 1, 1);
  SampleSpec spec;
  spec.task = "mini-code";
  two.add_sample(spec);
  const NamedReport more = named(two, "a.json");
  const NamedReport less = named(run_of(4, 2), "b.json");
  EXPECT_EQ(status(gate(more, less), "mini-code", "task"), CheckStatus::failed);
  EXPECT_FALSE(gate(more, less).passed());
  EXPECT_EQ(status(gate(less, more), "mini-code", "task"), CheckStatus::note);
}

GateOutcome hostile() {
  GateOutcome outcome;
  outcome.kind = "reports";
  outcome.rule = "rule";
  outcome.baseline = "/home/someone/a.json";
  const std::string text =
      "::error::x</testcase>]]>&\"'\n::stop-commands::y|`@you #1 \x1b[31m\x07\xff";
  outcome.checks = {{text, "logits", CheckStatus::failed, text, text, text},
                    {text, "right", CheckStatus::passed, "", "", ""},
                    {text, "note", CheckStatus::note, "", "", text},
                    {text, "skip", CheckStatus::skipped, "", "", text}};
  return outcome;
}

TEST(GateOutput, ForeignTextStaysText) {
  const GateOutcome outcome = hostile();
  const std::string xml = gate_junit(outcome);
  EXPECT_THAT(
      xml, AllOf(HasSubstr(R"(tests="4" failures="1" errors="0" skipped="2")"),
                 HasSubstr("&lt;/testcase&gt;"), Not(HasSubstr("\x1b")), Not(HasSubstr("\x07"))));
  const std::string text = gate_text(outcome);
  EXPECT_THAT(text, AllOf(Not(HasSubstr("::")), Not(HasSubstr("\x1b"))));
  const std::string markdown = gate_markdown(outcome);
  EXPECT_THAT(markdown, AllOf(Not(HasSubstr("|`@")), Not(HasSubstr("\x1b")), HasSubstr("FAILED")));
  const std::string annotations = gate_annotations(outcome);
  EXPECT_EQ(std::count(annotations.begin(), annotations.end(), '\n'), 1) << annotations;
  EXPECT_TRUE(annotations.starts_with("::error title=assay gate%3A")) << annotations;
  const json value = gate_json(outcome);
  EXPECT_EQ(value["passed"], false);
  EXPECT_THAT(value.dump(), Not(HasSubstr("someone")));
}

TEST(GateOutput, AnnotationsEscapeWhatGitHubReads) {
  EXPECT_EQ(as_github_message("50 %\na"), "50 %25%0Aa");
  EXPECT_EQ(as_github_property("a:b,c"), "a%3Ab%2Cc");
  EXPECT_EQ(for_log(":::error:::x ##[error]y"), ": : :error: : :x ## [error]y");
}

TEST(Measurement, ReadsGoogleBenchmark) {
  const std::string text = R"({"context": {}, "benchmarks": [
    {"name": "a", "run_name": "a", "run_type": "iteration", "real_time": 3, "cpu_time": 1,
     "time_unit": "us"},
    {"name": "a", "run_name": "a", "run_type": "iteration", "real_time": 1, "cpu_time": 1,
     "time_unit": "us"},
    {"name": "a", "run_name": "a", "run_type": "iteration", "real_time": 2, "cpu_time": 1,
     "time_unit": "us"},
    {"name": "a_median", "run_name": "a", "run_type": "aggregate", "aggregate_name": "median",
     "real_time": 9, "cpu_time": 9, "time_unit": "us"},
    {"name": "b_mean", "run_name": "b", "run_type": "aggregate", "aggregate_name": "mean",
     "real_time": 5, "cpu_time": 5, "time_unit": "ms"},
    {"name": "b_cv", "run_name": "b", "run_type": "aggregate", "aggregate_name": "cv",
     "real_time": 0.1, "cpu_time": 5, "time_unit": "ms"}]})";
  const Measurement real = value_or_throw(read_measurement(text, "it", TimeKind::real));
  EXPECT_EQ(real.size(), 2);
  EXPECT_DOUBLE_EQ(real.at("a"), 2e-6);
  EXPECT_DOUBLE_EQ(real.at("b"), 5e-3);
  const Measurement cpu = value_or_throw(read_measurement(text, "it", TimeKind::cpu));
  EXPECT_DOUBLE_EQ(cpu.at("a"), 1e-6);
}

TEST(Measurement, SaysHowTheBenchmarkLibraryWasBuilt) {
  EXPECT_EQ(benchmark_build_type(R"({"context": {"library_build_type": "debug"}})"), "debug");
  EXPECT_EQ(benchmark_build_type(R"({"schema_version": 1})"), "");
  EXPECT_EQ(benchmark_build_type("no JSON"), "");
}

TEST(Measurement, ReadsReportsOfAssay) {
  JournalBuilder run;
  run.add_bench("decode", 128, 0, 1, 200);
  run.add_totals();
  const std::string text = build_report(run.journal()).dump();
  const Measurement out = value_or_throw(read_measurement(text, "it", TimeKind::real));
  EXPECT_NEAR(out.at("decode/tokens:128/depth:0/batch:1"), 0.005, 1e-9);
}

TEST(Measurement, SaysWhatItCannotRead) {
  const auto error = [](const std::string& text) {
    const auto out = read_measurement(text, "the candidate 'x'", TimeKind::real);
    return out ? std::string("read") : out.error().line();
  };
  EXPECT_THAT(error(""), HasSubstr("the candidate 'x' printed nothing"));
  EXPECT_THAT(error("Usage: x\n\x1b[31m"), AllOf(HasSubstr("printed no JSON but 'Usage: x"),
                                                 HasSubstr("--wall"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(error("[1]"), HasSubstr("neither Google Benchmark's nor"));
  EXPECT_THAT(error(R"({"context":{},"benchmarks":[]})"), HasSubstr("ran no benchmark"));
  EXPECT_THAT(error(R"({"context":{},"benchmarks":[{"name":"a","error_occurred":true,
                        "error_message":"boom"}]})"),
              HasSubstr("benchmark 'a' failed: boom"));
  EXPECT_THAT(error(R"({"context":{},"benchmarks":[{"name":"a","real_time":"1"}]})"),
              HasSubstr("has no time"));
  JournalBuilder debug;
  debug.plan()["tool"]["build_type"] = "Debug";
  debug.add_bench("decode", 128, 0, 1, 200);
  EXPECT_THAT(error(build_report(debug.journal()).dump()), HasSubstr("reports no speed"));
}

TEST(Measurement, WritesWhatItReads) {
  SpeedSeries series;
  series.metrics = {{.name = "a", .baseline = {1e-6, 3e-6, 2e-6}, .candidate = {1, 1, 1}}};
  const json written = google_benchmark_json(series, Side::baseline, {{"executable", "x"}});
  EXPECT_EQ(written["benchmarks"].size(), 3);
  EXPECT_EQ(written["context"]["executable"], "x");
  const Measurement back = value_or_throw(read_measurement(written.dump(), "it", TimeKind::real));
  EXPECT_DOUBLE_EQ(back.at("a"), 2e-6);
}

}  // namespace
}  // namespace assay::testing
