#include "reports/common/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/sha256.h"
#include "tests/reports/fixture.h"

namespace assay::testing {
namespace {

using nlohmann::json;

std::vector<std::string> warning_codes(const json& report) {
  std::vector<std::string> out;
  for (const json& warning : report["warnings"]) out.push_back(warning["code"]);
  return out;
}

JournalBuilder run_of(int problems, int samples, const std::vector<std::string>& outcomes) {
  JournalBuilder run;
  run.add_task("mini-math", problems, samples);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    SampleSpec spec;
    spec.problem = static_cast<int>(i) / samples;
    spec.sample = static_cast<int>(i) % samples;
    spec.outcome = outcomes[i];
    if (outcomes[i].rfind("wrong", 0) == 0) spec.extracted = "5";
    if (outcomes[i] == "no_answer") spec.extracted.clear();
    run.add_sample(spec);
  }
  return run;
}

json first_task(const JournalBuilder& run) {
  return build_report(run.journal())["tasks"][0];
}

TEST(Report, SameJournalSameBytes) {
  const JournalBuilder run = finished_run();
  EXPECT_EQ(build_report(run.journal()).dump(), build_report(run.journal()).dump());
}

TEST(Report, OrderOfSamplesInTheJournalDoesNotMatter) {
  const JournalBuilder run = finished_run();
  JournalBuilder other = run;
  std::string text = journal_line(other.plan());
  for (auto it = run.records().rbegin(); it != run.records().rend(); ++it)
    text += journal_line(*it);
  const Journal journal = value_or_throw(parse_journal(text, "reversed"));
  EXPECT_EQ(build_report(journal), build_report(run.journal()));
}

TEST(Report, ScoresOfAFinishedRun) {
  const json report = build_report(finished_run().journal());
  EXPECT_EQ(report["schema_version"], 1);
  EXPECT_EQ(report["partial"], false);
  EXPECT_EQ(report["warnings"], json::array());
  const json& task = report["tasks"][0];
  EXPECT_EQ(task["metrics"]["pass@1"]["value"], 0.75);
  EXPECT_EQ(task["metrics"]["pass@1"]["n"], 4);
  // Wilson, 3 of 4: centre (0.75 + z2/8) / (1 + z2/4), z2 = 3.8415.
  EXPECT_NEAR(task["metrics"]["pass@1"]["ci95"][0].get<double>(), 0.3006, 1e-4);
  EXPECT_NEAR(task["metrics"]["pass@1"]["ci95"][1].get<double>(), 0.9544, 1e-4);
  EXPECT_TRUE(task["metrics"]["cons@k"]["value"].is_null());
  EXPECT_EQ(task["outcomes"]["correct_complete"], 3);
  EXPECT_EQ(task["outcomes"]["wrong_complete"], 1);
  EXPECT_EQ(task["chain"]["complete_rate"]["value"], 1.0);
  EXPECT_TRUE(task["chain"]["components"]["C1"]["value"].is_null());
  EXPECT_EQ(task["chain"]["components"]["C2"]["value"], 1.0);
  EXPECT_EQ(task["chain"]["contradictions"],
            json({{"checked", 12}, {"contradicted", 1}, {"coverage", 0.75}}));
  EXPECT_EQ(report["tasks"][1]["outcomes"]["truncated"], 1);
  EXPECT_EQ(report["tasks"][1]["chain"]["components"]["C2"]["value"], 0.5);
}

TEST(Report, SpeedComesFromTotalsAndSamples) {
  const json report = build_report(finished_run().journal());
  const json& speed = report["throughput"];
  EXPECT_EQ(speed["prefill_tokens_per_s"], 2000);
  EXPECT_EQ(speed["decode_tokens_per_s"], 200);
  EXPECT_EQ(speed["tpot_ms"]["p50"], 10);  // 30 ms over 4 tokens, the first apart
  EXPECT_EQ(speed["ttft_ms"]["p50"], 51);  // of 50 51 52 53 50 51
  // 90 MB of weights times 200 steps in 2 s, against 20 GB/s.
  EXPECT_NEAR(speed["gb_per_s"].get<double>(), 9.0, 1e-12);
  EXPECT_NEAR(speed["roofline_fraction"].get<double>(), 0.45, 1e-12);
  EXPECT_EQ(report["cpu_utilization"], 0.75);  // 6 CPU seconds of 4 s on 2 threads
  EXPECT_EQ(report["memory"]["host_peak_bytes"], 130'000'000);
  EXPECT_TRUE(report["memory"]["device_peak_bytes"].is_null());
  EXPECT_TRUE(report["energy"].is_null());
}

TEST(Report, OnlyTheWeightsThatAStepReadsCount) {
  JournalBuilder run = finished_run();
  run.plan()["memory"]["weights_read_bytes"] = 45'000'000;
  EXPECT_NEAR(build_report(run.journal())["throughput"]["gb_per_s"].get<double>(), 4.5, 1e-12);
}

TEST(Report, AResumedRunSumsItsProcesses) {
  JournalBuilder run = finished_run();
  run.add({{"type", "resume"}, {"utc", "2026-11-23T21:00:00Z"}});
  run.add_totals(100);
  run.last()["memory"]["host_peak_bytes"] = 140'000'000;
  run.last()["energy"] = {{"joules", 5.0}, {"source", "rapl"}};
  const json report = build_report(run.journal());
  EXPECT_EQ(report["throughput"]["decode_tokens_per_s"], 125);  // 500 in 4 s
  EXPECT_EQ(report["memory"]["host_peak_bytes"], 140'000'000);
  EXPECT_TRUE(report["energy"].is_null()) << "only one of two processes measured it";
}

TEST(Report, FasterThanTheMemoryIsFlagged) {
  JournalBuilder run = finished_run();
  run.plan()["device"]["bandwidth_gb_per_s"] = 6.0;
  const json report = build_report(run.journal());
  EXPECT_NEAR(report["throughput"]["roofline_fraction"].get<double>(), 1.5, 1e-12);
  EXPECT_THAT(warning_codes(report), ::testing::ElementsAre("roofline_above_one"));
  run.plan()["device"]["bandwidth_gb_per_s"] = nullptr;
  EXPECT_TRUE(build_report(run.journal())["throughput"]["roofline_fraction"].is_null());
}

TEST(Report, DebugAndSanitizerBuildsReportNoSpeed) {
  for (const bool sanitizer : {false, true}) {
    JournalBuilder run = finished_run();
    run.add_bench("decode", 128, 0, 1, 100);
    run.plan()["tool"]["build_type"] = sanitizer ? "Release" : "RelWithDebInfo";
    run.plan()["tool"]["sanitizers"] = sanitizer ? "address" : "";
    const json report = build_report(run.journal());
    EXPECT_THAT(warning_codes(report),
                ::testing::ElementsAre(sanitizer ? "sanitizer_build" : "not_release_build"));
    EXPECT_TRUE(report["throughput"]["decode_tokens_per_s"].is_null());
    EXPECT_TRUE(report["throughput"]["ttft_ms"]["p50"].is_null());
    EXPECT_TRUE(report["bench"][0]["tokens_per_s"].is_null());
    EXPECT_EQ(report["bench"][0]["tokens_per_s_runs"], json::array());
    EXPECT_EQ(report["tasks"][0]["metrics"]["pass@1"]["value"], 0.75);
  }
}

TEST(Report, BenchRowsGetTheirBandwidth) {
  JournalBuilder run;
  run.add_bench("prefill", 512, 0, 1, 900);
  run.add_bench("decode", 128, 0, 8, 400);
  run.add_bench("decode", 128, 0, 8, 800);  // measured again after a resume
  const json bench = build_report(run.journal())["bench"];
  ASSERT_EQ(bench.size(), 2);
  EXPECT_TRUE(bench[0]["gb_per_s"].is_null());
  EXPECT_EQ(bench[1]["tokens_per_s"], 800);
  EXPECT_NEAR(bench[1]["gb_per_s"].get<double>(), 9.0, 1e-12);  // 100 steps/s of 90 MB
  EXPECT_FALSE(bench[1].contains("type"));
}

TEST(Report, EverySampleIsInExactlyOneOutcome) {
  const std::vector<std::string> outcomes = {
      "correct_complete", "correct_incomplete", "wrong_complete",
      "wrong_incomplete", "truncated",          "looped",
      "no_answer",        "undecided",          "infrastructure_failure"};
  const json task = first_task(run_of(9, 1, outcomes));
  for (const std::string& name : outcomes) EXPECT_EQ(task["outcomes"][name], 1) << name;
  EXPECT_EQ(task["outcomes"].size(), outcomes.size());
}

TEST(Report, APartIsNeverShownAsTheWhole) {
  const json task = first_task(run_of(4, 1, {"correct_complete", "correct_complete"}));
  EXPECT_EQ(task["partial"], true);
  EXPECT_EQ(task["counts"], json({{"planned", 4}, {"done", 2}, {"failed", 0}}));
  const json& pass = task["metrics"]["pass@1"];
  EXPECT_TRUE(pass["value"].is_null());
  EXPECT_EQ(pass["why"], "2 of 4 samples are done; finish the run with --resume");
  EXPECT_EQ(pass["bounds"], json({0.5, 1.0}));
  EXPECT_TRUE(task["chain"]["complete_rate"]["value"].is_null());
  EXPECT_TRUE(task["logits_hash"].is_null());
}

TEST(Report, PassAtKIsNeverDividedByThePlannedSamples) {
  // One problem has its two samples, the other one of two: no mean over what happens to be there.
  const json task =
      first_task(run_of(2, 2, {"correct_complete", "correct_complete", "correct_complete"}));
  EXPECT_TRUE(task["metrics"]["pass@1"]["value"].is_null());
}

TEST(Report, AnUngradedSampleIsNotDone) {
  JournalBuilder run = run_of(2, 1, {"correct_complete"});
  SampleSpec spec;
  spec.problem = 1;
  spec.with_grade = false;
  spec.with_chain = false;
  run.add_sample(spec);
  const json task = first_task(run);
  EXPECT_EQ(task["counts"]["done"], 1);
  EXPECT_EQ(task["partial"], true);
  EXPECT_TRUE(task["problems"][1]["correct"].is_null());
}

TEST(Report, FailedSamplesAreLeftOutAndBounded) {
  const json report = build_report(
      run_of(4, 1,
             {"correct_complete", "infrastructure_failure", "wrong_complete", "correct_complete"})
          .journal());
  const json& task = report["tasks"][0];
  const json& pass = task["metrics"]["pass@1"];
  EXPECT_NEAR(pass["value"].get<double>(), 2.0 / 3, 1e-12);
  EXPECT_EQ(pass["n"], 3);
  EXPECT_EQ(pass["failed"], 1);
  EXPECT_EQ(pass["bounds"], json({0.5, 0.75}));
  EXPECT_EQ(task["metrics"]["avg@n"]["failed"], 1);
  EXPECT_EQ(task["chain"]["complete_rate"]["n"], 3);
  EXPECT_EQ(report["partial"], false);
  EXPECT_THAT(warning_codes(report), ::testing::ElementsAre("samples_failed"));
  EXPECT_EQ(task["outcomes"]["infrastructure_failure"], 1);
  EXPECT_TRUE(task["logits_hash"].is_null());
}

TEST(Report, FailedSamplesLackInVotesAndInPassAtK) {
  const json task = build_report(
      run_of(2, 2,
             {"correct_complete", "correct_complete", "wrong_complete", "infrastructure_failure"})
          .journal())["tasks"][0];
  EXPECT_EQ(task["metrics"]["pass@1"]["value"], 0.5);
  EXPECT_EQ(task["metrics"]["pass@1"]["bounds"], json({0.5, 0.75}));
  EXPECT_TRUE(task["metrics"]["pass@2"]["value"].is_null());
  EXPECT_EQ(task["metrics"]["pass@2"]["why"],
            "pass@2 needs 2 completed samples of each problem; mini-math/1 has 1");
  const json& votes = task["metrics"]["cons@k"];
  EXPECT_EQ(votes["n"], 1);
  EXPECT_EQ(votes["value"], 1.0);
  EXPECT_EQ(votes["bounds"], json({0.5, 1.0}));
}

TEST(Report, WhereAllSamplesFailedThereIsNoScore) {
  const json report =
      build_report(run_of(2, 1, {"infrastructure_failure", "infrastructure_failure"}).journal());
  const json& pass = report["tasks"][0]["metrics"]["pass@1"];
  EXPECT_TRUE(pass["value"].is_null());
  EXPECT_EQ(pass["why"],
            "2 of 2 samples failed and are neither right nor wrong (logits are not finite at "
            "position 21)");
  EXPECT_EQ(pass["bounds"], json({0.0, 1.0}));
  EXPECT_THAT(warning_codes(report), ::testing::ElementsAre("task_without_score"));
}

TEST(Report, ASkippedTaskSaysWhy) {
  JournalBuilder run = finished_run();
  run.add_task("humaneval", 164, 1)["skipped"] = "bwrap is missing in /home/ada/bin";
  const json report = build_report(run.journal());
  EXPECT_EQ(report["partial"], false);
  EXPECT_EQ(report["tasks"][2]["metrics"]["pass@1"]["why"], "skipped: bwrap is missing in ~/bin");
  EXPECT_THAT(warning_codes(report), ::testing::ElementsAre("task_skipped"));
}

TEST(Report, ManySamplesAProblem) {
  // Problem 0: 2 of 4 right; problem 1: 1 of 4, the wrong ones agree; problem 2: none answers.
  const json task =
      first_task(run_of(3, 4,
                        {"correct_complete", "wrong_complete", "correct_complete", "no_answer",
                         "wrong_complete", "correct_complete", "wrong_complete", "wrong_complete",
                         "no_answer", "no_answer", "no_answer", "no_answer"}));
  const json& metrics = task["metrics"];
  EXPECT_NEAR(metrics["pass@1"]["value"].get<double>(), (0.5 + 0.25 + 0) / 3, 1e-12);
  EXPECT_EQ(metrics["pass@1"]["n"], 3);
  EXPECT_EQ(metrics["pass@1"]["samples"], 12);
  // 1 - C(2,2)/C(4,2) = 5/6; 1 - C(3,2)/C(4,2) = 1/2; 0.
  EXPECT_NEAR(metrics["pass@2"]["value"].get<double>(), (5.0 / 6 + 0.5) / 3, 1e-12);
  EXPECT_NEAR(metrics["pass@4"]["value"].get<double>(), 2.0 / 3, 1e-12);
  EXPECT_NEAR(metrics["cons@k"]["value"].get<double>(), 1.0 / 3, 1e-12);
  EXPECT_EQ(metrics["cons@k"]["k"], 4);
  EXPECT_EQ(metrics["avg@n"]["samples_per_problem"], 4);
  EXPECT_LT(metrics["pass@1"]["ci95"][0], metrics["pass@1"]["value"]);
}

TEST(Report, VotesAreCountedOnNormalisedValues) {
  // Two ways to write one wrong value against one right answer: the wrong one has the majority.
  JournalBuilder run;
  run.add_task("mini-math", 1, 3);
  const std::vector<std::string> written = {"0.5", "\\frac12", "4"};
  for (int i = 0; i < 3; ++i) {
    SampleSpec spec;
    spec.sample = i;
    spec.extracted = written[static_cast<std::size_t>(i)];
    if (i < 2) spec.outcome = "wrong_complete";
    run.add_sample(spec);
  }
  const Journal unnormalised = run.journal();
  EXPECT_EQ(build_report(unnormalised)["tasks"][0]["metrics"]["cons@k"]["value"], 0.0)
      << "a tie: the first wins";
  Journal normalised = unnormalised;
  for (auto& [key, grade] : normalised.grades) {
    if (grade["extracted"] != "4") grade["details"] = {{"normalised", "1/2"}};
  }
  std::rotate(normalised.samples.begin(), normalised.samples.begin() + 2, normalised.samples.end());
  EXPECT_EQ(build_report(normalised)["tasks"][0]["metrics"]["cons@k"]["value"], 0.0)
      << "two votes for 1/2, though the right answer came first";
  Journal apart = unnormalised;
  std::rotate(apart.samples.begin(), apart.samples.begin() + 2, apart.samples.end());
  EXPECT_EQ(build_report(apart)["tasks"][0]["metrics"]["cons@k"]["value"], 1.0)
      << "as texts all three differ, and the right one came first";
}

TEST(Report, ProgramsDoNotVote) {
  JournalBuilder run;
  run.add_task("mini-code", 1, 2);
  for (int i = 0; i < 2; ++i) {
    SampleSpec spec;
    spec.task = "mini-code";
    spec.sample = i;
    spec.gold.clear();
    run.add_sample(spec);
  }
  EXPECT_EQ(first_task(run)["metrics"]["cons@k"]["why"], "programs cannot vote");
}

TEST(Report, LogitsHashIsOverSortedLines) {
  const JournalBuilder run = run_of(1, 1, {"correct_complete"});
  const std::string line =
      "[\"mini-math/"
      "0\",0,[\"0000000000000000000000000000000b\",\"0000000000000000000000000000000c\","
      "\"0000000000000000000000000000000d\",\"00000000000000000000000000000002\"]]\n";
  EXPECT_EQ(first_task(run)["logits_hash"], sha256_hex(line));
}

TEST(Report, LogitsHashNeedsEveryPosition) {
  JournalBuilder run;
  run.add_task("mini-math", 1, 1);
  run.add_sample({});
  std::string text = journal_line(run.plan());
  for (json record : run.records()) {
    if (record["type"] == "sample") record["logits_hash"].erase(0);
    text += journal_line(record);
  }
  const Journal journal = value_or_throw(parse_journal(text, "journal"));
  EXPECT_TRUE(build_report(journal)["tasks"][0]["logits_hash"].is_null());
}

TEST(Report, IdentityIsPortableOnlyUnderExact) {
  JournalBuilder run = finished_run();
  EXPECT_EQ(build_report(run.journal())["identity"]["portable"], false);
  run.plan()["backend"]["numerics"] = "exact/1";
  EXPECT_EQ(build_report(run.journal())["identity"]["portable"], false) << "semantics are f32";
  run.plan()["identity"]["semantics"] = "exact/1";
  const json identity = build_report(run.journal())["identity"];
  EXPECT_EQ(identity["portable"], true);
  EXPECT_EQ(identity["proofs"], json::array());
}

TEST(Report, HoldsNoHomeFolder) {
  JournalBuilder run = finished_run();
  run.plan()["model"]["name"] = "/home/ada/models/tiny.gguf";
  run.plan()["backend"]["options"] = {{"cache", "/root/x"}, {"list", {"C:\\Users\\ada\\y"}}};
  const std::string text = build_report(run.journal()).dump();
  EXPECT_EQ(text.find("ada"), std::string::npos);
  EXPECT_EQ(text.find("/root"), std::string::npos);
}

TEST(Report, ForeignTypesReadAsUnknown) {
  JournalBuilder run = finished_run();
  for (const char* name :
       {"tool", "device", "model", "backend", "decoding", "memory", "identity"}) {
    run.plan()[name] = json::array({1, "x"});
  }
  run.plan()["tasks"][0] = "mini-math";
  run.plan()["tasks"][1]["n_problems"] = 9e300;
  run.add({{"type", "totals"}});
  run.add({{"type", "bench"}, {"batch", "many"}});
  const json report = build_report(run.journal());
  EXPECT_TRUE(report["model"]["name"].is_null());
  EXPECT_TRUE(report["throughput"]["decode_tokens_per_s"].is_null());
  EXPECT_TRUE(report["tasks"][1]["metrics"]["pass@1"]["value"].is_null());
}

/// Four problems: right after 3 and after 200 tokens, wrong after 5, cut at 256.
json task_of_four_lengths() {
  JournalBuilder run;
  run.add_task("mini-math", 4, 1)["max_new_tokens"] = 256;
  const std::vector<std::pair<int, std::string>> samples = {{3, "correct_complete"},
                                                            {200, "correct_complete"},
                                                            {5, "wrong_complete"},
                                                            {256, "truncated"}};
  for (std::size_t i = 0; i < samples.size(); ++i) {
    SampleSpec spec;
    spec.problem = static_cast<int>(i);
    spec.tokens = std::vector<int>(static_cast<std::size_t>(samples[i].first), 7);
    spec.outcome = samples[i].second;
    run.add_sample(spec);
    if (spec.outcome == "truncated") {
      for (json& record : run.records_for_edit()) {
        if (record["type"] == "sample" && record["index"] == 3) record["stop"] = "length";
      }
    }
  }
  return first_task(run);
}

TEST(Report, OneRunGivesTheScoreOfSmallerBudgets) {
  const json rows = task_of_four_lengths()["score_by_budget"];
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0]["budget"], 128);
  EXPECT_EQ(rows[0]["value"], 0.25);
  EXPECT_EQ(rows[0]["samples"], 4);
  EXPECT_EQ(rows[0]["ended"], 2);
  EXPECT_EQ(rows[0]["censored"], 2);
  EXPECT_EQ(rows[0]["among_ended"]["value"], 0.5);
  EXPECT_EQ(rows[1]["budget"], 256);
  EXPECT_EQ(rows[1]["value"], 0.5);
  EXPECT_EQ(rows[1]["censored"], 1);
  EXPECT_EQ(rows[1]["ci95"].size(), 2);
}

TEST(Report, LengthsCountWhatWasCutAsLonger) {
  const json length = task_of_four_lengths()["length"];
  EXPECT_EQ(length["median_tokens"], 5);
  EXPECT_EQ(length["ended"], 3);
  EXPECT_EQ(length["censored"], 1);
  EXPECT_TRUE(length["why"].is_null());
}

TEST(Report, APartHasNoScoreByBudget) {
  EXPECT_TRUE(first_task(run_of(4, 1, {"correct_complete"}))["score_by_budget"].is_null());
}

}  // namespace
}  // namespace assay::testing
