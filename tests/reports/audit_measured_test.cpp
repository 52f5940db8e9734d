// Claims beside what reports measured: which of them decide, and what they decide together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/audit/audit.h"
#include "reports/common/report.h"
#include "tests/reports/fixture.h"

namespace assay::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<WeightSizes> sizes(const ModelShape& shape) {
  const auto row = [&shape](const char* name, int bits, double real) {
    const auto bytes = [real](std::int64_t weights) {
      return static_cast<std::int64_t>(static_cast<double>(weights) * real / 8);
    };
    return WeightSizes{name, bits, true, bytes(shape.parameters()), bytes(shape.weights_read())};
  };
  return {row("F16", 16, 16), row("Q8_0", 8, 8.5), row("Q4_K_M", 4, 4.9), row("Q4_0", 4, 4.5)};
}

json audit_one(json claim, const std::vector<NamedReport>& reports) {
  claim["source"] = "a test";
  const json claims = {{"claims", {claim}}};
  const ClaimsFile file = value_or_throw(parse_claims(claims.dump(), "claims.json"));
  return audit_claims({&file, reports, {}, sizes, [](const ModelShape&, std::int64_t) {
                         return std::int64_t{50'000'000};
                       }})["claims"][0];
}

/// A run of the model that all claims here are about.
struct RunSpec {
  std::string weight_type = "Q8_0";
  std::string protocol = "boxed";
  std::string device = "board";
  int right = 20;
  int budget = 64;
  int truncated = 0;
  int in_dataset = 0;
};

JournalBuilder builder_of(const RunSpec& spec) {
  JournalBuilder run;
  run.plan()["model"]["name"] = "DeepSeek-R1-Distill-Qwen-1.5B";
  run.plan()["model"]["weight_type"] = spec.weight_type;
  run.plan()["device"]["name"] = spec.device;
  run.plan()["decoding"]["context"] = 2048;
  run.plan()["decoding"]["batch"] = 1;
  json& task = run.add_task("mini-math", 40, 1);
  task["protocol"] = spec.protocol;
  task["max_new_tokens"] = spec.budget;
  if (spec.in_dataset > 0) task["n_problems_in_dataset"] = spec.in_dataset;
  for (int i = 0; i < 40; ++i) {
    SampleSpec sample;
    sample.problem = i;
    if (i >= spec.right) sample.outcome = "wrong_complete";
    if (i >= 40 - spec.truncated) sample.outcome = "truncated";
    run.add_sample(sample);
  }
  return run;
}

NamedReport report_of(JournalBuilder run) {
  run.add_totals();
  return {"report.json", build_report(run.journal())};
}

NamedReport run_of(const RunSpec& spec) {
  return report_of(builder_of(spec));
}

NamedReport bench_of(const std::string& weight_type, double speed,
                     const std::string& device = "RTX 3060") {
  JournalBuilder run = builder_of({.weight_type = weight_type, .device = device});
  run.add_bench("decode", 128, 0, 1, speed);
  return report_of(run);
}

json score_claim(double value) {
  return {{"subject", {{"model", "deepseek-r1-distill-qwen-1.5b"}, {"task", "mini-math"}}},
          {"metric", "score"},
          {"value", value}};
}

json speed_claim(double value) {
  return {{"subject", {{"model", "deepseek-r1-distill-qwen-1.5b"}, {"device", "rtx-3060"}}},
          {"metric", "decode_tokens_per_s"},
          {"value", value}};
}

std::string why(const json& claim) {
  return claim["why"];
}

TEST(Measured, AllReportsDecideTogetherInAnyOrder) {
  const NamedReport think = run_of({.protocol = "chat-think", .right = 20});
  const NamedReport completion = run_of({.protocol = "completion", .right = 8});
  for (const auto& reports : {std::vector{think, completion}, std::vector{completion, think}}) {
    const json out = audit_one(score_claim(0.504), reports);
    EXPECT_EQ(out["verdict"], "supported under named conditions");
    EXPECT_THAT(out["scope"].get<std::string>(),
                AllOf(HasSubstr("protocol chat-think"), HasSubstr("not under 20.0 % (10.5 % to"),
                      HasSubstr("protocol completion")));
    EXPECT_EQ(out["measurements"].size(), 2);
    EXPECT_EQ(out["measured"]["value"], 0.5) << "the one that agrees stands first";
    EXPECT_THAT(why(out), Not(HasSubstr("no report was given")));
    const json none = audit_one(score_claim(0.95), reports);
    EXPECT_EQ(none["verdict"], "contradicted");
    EXPECT_THAT(none["scope"].get<std::string>(),
                AllOf(HasSubstr("50.0 % (35.2 % to 64.8 %)"), HasSubstr("20.0 % (10.5 % to")));
  }
  json other = score_claim(0.5);
  other["subject"]["task"] = "aime24";
  EXPECT_THAT(why(audit_one(other, {think})), HasSubstr("none of the reports given measures it"));
  EXPECT_THAT(why(audit_one(other, {})), HasSubstr("no report was given"));
}

TEST(Measured, EvidenceAndAReportThatDisagreeKeepTheirConditions) {
  json claim = score_claim(0.9);
  claim["conditions"] = "as published";
  claim["n"] = 500;
  claim["evidence"] = {{{"value", 0.9}, {"n", 500}, {"conditions", "32k tokens"}, {"source", "x"}}};
  EXPECT_EQ(audit_one(claim, {})["verdict"], "supported");
  claim.erase("n");
  const json out = audit_one(claim, {run_of({})});
  EXPECT_EQ(out["verdict"], "supported under named conditions");
  EXPECT_THAT(out["scope"].get<std::string>(),
              AllOf(HasSubstr("32k tokens; not under 50.0 %"), HasSubstr("protocol boxed")));
}

TEST(Measured, OtherConditionsDecideNothing) {
  json claim = score_claim(0.95);
  claim["subject"]["precision"] = "Q4";
  const json precision = audit_one(claim, {run_of({})});
  EXPECT_EQ(precision["verdict"], "not tested");
  EXPECT_EQ(precision["measurements"][0]["decides"], false);
  EXPECT_THAT(why(precision),
              HasSubstr("measured at Q8_0, the claim is about Q4: decides nothing"));
  EXPECT_EQ(audit_one(claim, {run_of({.weight_type = "Q4_K_M"})})["verdict"], "contradicted");
  json budget = score_claim(0.95);
  budget["settings"] = {{"max_new_tokens", 32768}};
  EXPECT_THAT(why(audit_one(budget, {run_of({})})),
              HasSubstr("new tokens 64, the claim's is 32768"));
  EXPECT_EQ(audit_one(budget, {run_of({})})["verdict"], "not tested");
  EXPECT_EQ(audit_one(budget, {run_of({.budget = 32768})})["verdict"], "contradicted");
  json warm = score_claim(0.95);
  warm["conditions"] = {{"temperature", 0.6}};
  EXPECT_THAT(why(audit_one(warm, {run_of({})})), HasSubstr("temperature 0.0, the claim's is 0.6"));
  const json part = audit_one(score_claim(0.95), {run_of({.in_dataset = 500})});
  EXPECT_EQ(part["verdict"], "not tested");
  EXPECT_THAT(why(part), HasSubstr("40 of 500 problems: decides nothing"));
  JournalBuilder few;
  few.plan()["model"] = builder_of({}).plan()["model"];
  few.add_task("mini-math", 2, 1);
  for (int i = 0; i < 2; ++i) {
    SampleSpec sample;
    sample.problem = i;
    few.add_sample(sample);
  }
  const json two = audit_one(score_claim(0.95), {report_of(few), run_of({})});
  EXPECT_EQ(two["verdict"], "contradicted") << "2 right of 2 support it alone";
  EXPECT_THAT(why(two), HasSubstr("2 of 40 problems: decides nothing"));
  const json cut = audit_one(score_claim(0.95), {run_of({.truncated = 5})});
  EXPECT_EQ(cut["verdict"], "not tested") << "a larger budget might have given more";
  EXPECT_THAT(why(cut), HasSubstr("5 answers were cut off at 64 tokens"));
}

TEST(Measured, EvidenceUnderOtherConditionsDecidesNothing) {
  json claim = score_claim(0.756);
  claim["settings"] = {{"temperature", 1.0}};
  claim["evidence"] = {{{"value", 0.839},
                        {"n", 500},
                        {"settings", {{"temperature", 0.6}}},
                        {"source", "the paper"}}};
  const json out = audit_one(claim, {});
  EXPECT_EQ(out["verdict"], "not tested");
  EXPECT_TRUE(out["bounds"][0]["allows"].is_null());
  EXPECT_THAT(why(out), HasSubstr("other conditions: temperature 0.6, the claim's is 1.0"));
  json quantised = score_claim(0.798);
  quantised["settings"] = {{"precision", "quantised"}};
  quantised["evidence"] = {
      {{"value", 0.8}, {"n", 500}, {"settings", {{"precision", "bf16"}}}, {"source", "x"}}};
  EXPECT_EQ(audit_one(quantised, {})["verdict"], "not tested");
  quantised["evidence"][0]["settings"]["precision"] = "Q4_K_M";
  EXPECT_EQ(audit_one(quantised, {})["verdict"], "supported under named conditions");
  json unknown = score_claim(0.417);
  unknown["evidence"] = {{{"value", 0.504}, {"source", "x"}}};
  const json no_n = audit_one(unknown, {});
  EXPECT_EQ(no_n["verdict"], "not tested");
  EXPECT_THAT(why(no_n), HasSubstr("number of problems unknown"));
}

TEST(Measured, ASpeedStandsInTheRowOfItsPrecision) {
  const json out = audit_one(speed_claim(200), {bench_of("Q8_0", 205)});
  EXPECT_EQ(out["verdict"], "impossible");
  EXPECT_EQ(out["scope"],
            "at 16 bits and more, single stream, without speculation; supported in Q8_0 (measured "
            "205 (204 to 206))");
  for (const json& row : out["bounds"]) {
    EXPECT_EQ(row.contains("measured"), row["name"] == "Q8_0") << row["name"];
  }
  const json slow = audit_one(speed_claim(200), {bench_of("Q8_0", 150)});
  EXPECT_THAT(slow["scope"].get<std::string>(),
              HasSubstr("contradicted in Q8_0 (measured 150 (149 to 151))"));
  const json wild = audit_one(speed_claim(200), {bench_of("Q8_0", 260)});
  EXPECT_THAT(wild["scope"].get<std::string>(), Not(HasSubstr("supported")));
  EXPECT_THAT(why(wild), HasSubstr("above the bound of its own row, 219.5 tokens/s"));
  json q4 = speed_claim(100);
  q4["subject"]["precision"] = "Q4";
  EXPECT_EQ(audit_one(q4, {bench_of("Q8_0", 150)})["verdict"], "not tested");
  EXPECT_EQ(audit_one(q4, {bench_of("Q4_0", 150)})["verdict"], "supported under named conditions");
  const json contradicted = audit_one(q4, {bench_of("Q4_0", 60)});
  EXPECT_EQ(contradicted["verdict"], "contradicted");
  EXPECT_THAT(contradicted["scope"].get<std::string>(), HasSubstr("60.0 (59.0 to 61.0)"));
  EXPECT_EQ(audit_one(q4, {bench_of("Q4_0", 60, "RTX 4090")})["verdict"], "not tested");
}

TEST(Measured, APeakNeedsTheContextAndASpeedItsDevice) {
  json peak = {{"subject", {{"model", "deepseek-r1-distill-qwen-1.5b"}, {"precision", "Q8_0"}}},
               {"metric", "peak_memory_bytes"},
               {"value", 1.9e9},
               {"context", 4096}};
  EXPECT_EQ(audit_one(peak, {run_of({})})["verdict"], "not tested");
  EXPECT_THAT(why(audit_one(peak, {run_of({})})),
              HasSubstr("2048 tokens of context, the claim is about 4,096"));
  peak["context"] = 1024;
  EXPECT_EQ(audit_one(peak, {run_of({})})["verdict"], "supported under named conditions");
  json nowhere = speed_claim(100);
  nowhere["subject"].erase("device");
  const json slow = audit_one(nowhere, {bench_of("Q8_0", 50)});
  EXPECT_EQ(slow["verdict"], "not tested");
  EXPECT_TRUE(slow["measured"]["same_device"].is_null());
  EXPECT_EQ(audit_one(nowhere, {bench_of("Q8_0", 150)})["verdict"],
            "supported under named conditions");
}

TEST(Measured, RequestsAndCoresAreReadFromReports) {
  JournalBuilder run = builder_of({.weight_type = "Q4_0", .device = "rk3588"});
  run.add_bench("scenario", 1024, 0, 1, 25);
  run.last()["prompt_tokens"] = 1024;
  run.last()["seconds"] = 40.96;
  json request = {
      {"subject", {{"model", "deepseek-r1-distill-qwen-1.5b"}, {"device", "rk3588-lpddr4x"}}},
      {"metric", "request_seconds"},
      {"value", 45},
      {"prompt_tokens", 1000},
      {"output_tokens", 1000}};
  request["subject"]["precision"] = "Q4";
  const json timed = audit_one(request, {report_of(run)});
  EXPECT_EQ(timed["verdict"], "supported under named conditions");
  EXPECT_EQ(timed["measured"]["value"], 40.96);
  JournalBuilder parts = builder_of({.weight_type = "Q4_0", .device = "rk3588"});
  parts.add_bench("prefill", 512, 0, 1, 100);
  parts.add_bench("decode", 128, 0, 1, 20);
  const json computed = audit_one(request, {report_of(parts)});
  EXPECT_EQ(computed["measured"]["value"], 60) << "1,000 / 100 + 1,000 / 20";
  EXPECT_EQ(computed["verdict"], "contradicted");
  request["value"] = 100;
  EXPECT_EQ(audit_one(request, {report_of(parts)})["verdict"], "not tested");
  json cores = request;
  cores["metric"] = "busy_cores";
  cores["value"] = 1.5;
  EXPECT_EQ(audit_one(cores, {report_of(run)})["verdict"], "supported under named conditions")
      << "6 CPU seconds in 4 s";
  cores["value"] = 4;
  EXPECT_THAT(why(audit_one(cores, {report_of(run)})), HasSubstr("it was given 2 threads"));
}

TEST(Bytes, OnlyARealFormatWithinTheResolutionSupports) {
  json claim = {{"subject", {{"model", "deepseek-r1-distill-qwen-1.5b"}, {"precision", "Q4"}}},
                {"metric", "file_bytes"},
                {"value", 1.045e9},
                {"resolution", 0.01e9}};
  const json between = audit_one(claim, {});
  EXPECT_EQ(between["verdict"], "contradicted") << "1.00 and 1.09 GB exist, nothing between";
  EXPECT_THAT(between["scope"].get<std::string>(), HasSubstr("no format lies within 0.01 GB"));
  claim["value"] = 1.09e9;
  EXPECT_EQ(audit_one(claim, {})["scope"], "in Q4_K_M");
}

TEST(Bytes, WhatSufficesIsProjectedWithScratchInGiB) {
  json claim = {{"subject", {{"model", "deepseek-r1-distill-qwen-1.5b"}}},
                {"metric", "memory_suffices_bytes"},
                {"value", 3221225472},
                {"context", 4096}};
  const json out = audit_one(claim, {});
  EXPECT_EQ(out["verdict"], "supported under named conditions");
  EXPECT_THAT(out["scope"].get<std::string>(),
              AllOf(HasSubstr("by projection, for 4,096 tokens"), HasSubstr("Q8_0 (1.91 GiB)"),
                    HasSubstr("not at 16 bits and more")));
  EXPECT_THAT(out["bounds"][0]["arithmetic"].get<std::string>(),
              AllOf(HasSubstr("0.05 GB of scratch"), HasSubstr("the claim is 3.00 GiB")));
  json peak = claim;
  peak["metric"] = "peak_memory_bytes";
  peak["subject"]["precision"] = "fp16";
  peak["value"] = 3.3e9;
  EXPECT_EQ(audit_one(peak, {})["verdict"], "not tested") << "the table is read by the row";
}

}  // namespace
}  // namespace assay::testing
