#include "reports/compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/common/report.h"
#include "tests/reports/fixture.h"
#include "tests/support/test_data.h"

namespace assay::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

JournalBuilder run_on(const std::string& backend, int n_problems = 4) {
  JournalBuilder run;
  run.plan()["backend"]["name"] = backend;
  run.add_task("mini-math", n_problems, 1);
  for (int i = 0; i < n_problems; ++i) {
    SampleSpec spec;
    spec.problem = i;
    if (i == 3) spec.outcome = "wrong_complete";
    run.add_sample(spec);
  }
  run.add_totals();
  return run;
}

NamedReport named(const JournalBuilder& run, const std::string& name = "report.json") {
  return {name, build_report(run.journal())};
}

std::string error_of(const std::string& text) {
  const Result<NamedReport> report = parse_report(text, "a/report.json");
  if (report) return "no error";
  EXPECT_EQ(report.error().kind(), ErrorKind::environment);
  EXPECT_EQ(report.error().line().find('\n'), std::string::npos);
  return report.error().line();
}

TEST(LoadReport, ReadsWhatTheJsonReportWrote) {
  const TempDir dir;
  const std::string path = (dir.path() / "report.json").string();
  const json report = build_report(finished_run().journal());
  write_text(path, report.dump(2));
  EXPECT_EQ(value_or_throw(load_report(path)).report, report);
}

TEST(LoadReport, RefusesWhatItCannotCompare) {
  const json good = build_report(finished_run().journal());
  EXPECT_EQ(error_of(good.dump()), "no error");
  EXPECT_THAT(error_of(good.dump().substr(0, 500)),
              HasSubstr("a/report.json is damaged: not JSON"));
  EXPECT_THAT(error_of(""), HasSubstr("is damaged"));
  EXPECT_THAT(error_of("[]"), HasSubstr("is not a report of assay"));
  EXPECT_THAT(error_of("{\"schema_version\":1}"), HasSubstr("is not a report of assay"));
  EXPECT_THAT(error_of(std::string(1000, '[')), HasSubstr("nested deeper than 64"));
  json other = good;
  other["schema_version"] = 2;
  EXPECT_THAT(error_of(other.dump()), HasSubstr("schema version 2, this assay reads 1"));
  JournalBuilder half = finished_run();
  half.plan()["tasks"][0]["n_problems"] = 9;
  EXPECT_EQ(error_of(build_report(half.journal()).dump()),
            "a/report.json is of an unfinished run: mini-math has 4 of 9 samples; finish it with "
            "assay run --resume");
  EXPECT_FALSE(load_report("/nowhere/report.json").has_value());
}

TEST(LoadReport, AMemberOfAWrongTypeOrRangeIsNamed) {
  JournalBuilder run = finished_run();
  run.add_bench("decode", 128, 0, 1, 100);
  run.add(retention_record());
  const json good = build_report(run.journal());
  EXPECT_EQ(error_of(good.dump()), "no error");
  const auto with = [&good](const char* pointer, const json& value) {
    json bad = good;
    bad[json::json_pointer(pointer)] = value;
    return error_of(bad.dump());
  };
  EXPECT_THAT(with("/tasks/0/metrics", "x"),
              HasSubstr("damaged: tasks[0].metrics is \"x\", not an object"));
  EXPECT_THAT(with("/tasks/0/problems", {1, 2, nullptr}),
              HasSubstr("tasks[0].problems[0] is 1, not an object"));
  EXPECT_THAT(with("/tasks/0/metrics/pass@1/value", 7.5),
              HasSubstr("tasks[0].metrics.pass@1.value is 7.5, not a share from 0 to 1"));
  EXPECT_THAT(with("/tasks/0/metrics/pass@1/ci95", {3}),
              HasSubstr("tasks[0].metrics.pass@1.ci95 is array, not two shares in order"));
  EXPECT_THAT(with("/tasks/0/metrics/pass@1/ci95", {0.9, 0.1}), HasSubstr("two shares in order"));
  EXPECT_THAT(with("/memory/host_peak_bytes", -5),
              HasSubstr("memory.host_peak_bytes is -5, not a whole number from 0 on"));
  EXPECT_THAT(with("/bench/0/tokens_per_s_runs/1", "fast"),
              HasSubstr("bench[0].tokens_per_s_runs[1] is \"fast\", not a number"));
  EXPECT_THAT(with("/tasks/1/chain/components/C3", 1), HasSubstr("tasks[1].chain.components.C3"));
  EXPECT_THAT(with("/tasks/0/problems/2/correct", "yes"),
              HasSubstr("tasks[0].problems[2].correct is \"yes\", not true or false"));
  EXPECT_THAT(with("/tasks/0/name", nullptr), HasSubstr("tasks[0].name is null, not a text"));
  EXPECT_THAT(with("/throughput/ttft_ms", 3), HasSubstr("throughput.ttft_ms is 3, not an object"));
  EXPECT_THAT(with("/device/threads", 1.5), HasSubstr("device.threads is 1.5"));
}

TEST(Compare, WhatDiffersComesFirstAndTheRestIsSaid) {
  JournalBuilder other = run_on("reference");
  other.plan()["device"]["threads"] = 1;
  other.plan()["device"]["bandwidth_gb_per_s"] = 19.0;
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(other)};
  const json settings = compare_reports(reports)["settings"];
  ASSERT_EQ(settings["different"].size(), 2);
  EXPECT_EQ(settings["different"][0],
            json({{"name", "backend.name"}, {"values", {"cpu", "reference"}}}));
  EXPECT_EQ(settings["different"][1]["name"], "device.threads");
  EXPECT_EQ(settings["conditions"][0],
            json({{"name", "device.bandwidth_gb_per_s"}, {"values", {20.0, 19.0}}}));
  EXPECT_GT(settings["same"].size(), 20);
}

TEST(Compare, LabelsTellRunsApart) {
  JournalBuilder one_thread = run_on("cpu");
  one_thread.plan()["device"]["threads"] = 1;
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(one_thread),
                                            named(run_on("cpu"))};
  std::vector<std::string> labels;
  const json comparison = compare_reports(reports);
  for (const json& run : comparison["runs"]) labels.push_back(run["label"]);
  EXPECT_THAT(labels, ElementsAre("cpu, 2 threads", "cpu, 1 thread", "cpu, 2 threads (run 2)"));
}

TEST(Compare, SameTokensAreCountedOverSharedProblems) {
  JournalBuilder other = run_on("reference", 2);
  const std::vector<NamedReport> same = {named(run_on("cpu")), named(other)};
  const json task = compare_reports(same)["tasks"][0];
  EXPECT_EQ(task["identity"][0]["problems"], 2);
  EXPECT_EQ(task["identity"][0]["same_tokens"], 2);
  EXPECT_EQ(task["identity"][0]["same_logits"], 2);
  EXPECT_TRUE(task["identity"][0]["logits_hash_equal"].is_null()) << "not the same problems";
  EXPECT_EQ(task["runs"][1]["refused"], "the numbers of problems differ: 4 and 2");
}

TEST(Compare, ADifferentTokenIsFound) {
  JournalBuilder other;
  other.plan()["backend"]["name"] = "reference";
  other.add_task("mini-math", 4, 1);
  for (int i = 0; i < 4; ++i) {
    SampleSpec spec;
    spec.problem = i;
    if (i == 3) spec.outcome = "wrong_complete";
    if (i == 1) spec.tokens = {11, 12, 99, 2};
    if (i == 2) spec.extracted = "6";
    other.add_sample(spec);
  }
  other.add_totals();
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(other)};
  const json identity = compare_reports(reports)["tasks"][0]["identity"][0];
  EXPECT_EQ(identity["same_tokens"], 3);
  EXPECT_EQ(identity["same_answer"], 3);
  EXPECT_EQ(identity["logits_hash_equal"], false);
  EXPECT_THAT(summary_sentence(reports),
              HasSubstr("; cpu and reference gave the same tokens in 3 of 4 problems."));
}

TEST(Compare, AnotherModelHasScoresButNoTokensToCompare) {
  JournalBuilder other = run_on("cpu");
  other.plan()["model"]["name"] = "large";
  other.plan()["model"]["sha256"] = std::string(64, 'a');
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(other)};
  const json comparison = compare_reports(reports);
  EXPECT_TRUE(comparison["tasks"][0]["runs"][1]["refused"].is_null());
  EXPECT_TRUE(comparison["tasks"][0]["identity"][0]["same_tokens"].is_null());
  ASSERT_EQ(comparison["refused"].size(), 1);
  EXPECT_EQ(comparison["refused"][0]["what"], "tokens of mini-math in large, cpu");
  EXPECT_THAT(comparison["refused"][0]["why"].get<std::string>(),
              HasSubstr("the model files differ"));
  EXPECT_THAT(summary_sentence(reports), Not(HasSubstr("same tokens")));
}

TEST(Compare, TokensStandBesideTheFirstRunOfTheirOwnModel) {
  const auto large = [](const std::string& backend) {
    JournalBuilder run = run_on(backend);
    run.plan()["model"]["name"] = "large";
    run.plan()["model"]["sha256"] = std::string(64, 'a');
    return run;
  };
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(large("cpu")),
                                            named(large("reference")), named(run_on("reference")),
                                            named(run_on("neon"))};
  const json comparison = compare_reports(reports);
  const json& identity = comparison["tasks"][0]["identity"];
  EXPECT_EQ(identity[0]["a"], 0) << "nothing is alike: the baseline, and why not";
  EXPECT_TRUE(identity[0]["same_tokens"].is_null());
  EXPECT_EQ(identity[1]["a"], 1);
  EXPECT_EQ(identity[1]["same_tokens"], 4);
  EXPECT_EQ(identity[2]["a"], 0);
  const std::string sentence = summary_sentence(reports);
  EXPECT_THAT(sentence, HasSubstr("; runs B and C gave the same tokens in 4 of 4 problems"));
  EXPECT_THAT(sentence, HasSubstr("; runs A, D and E gave the same tokens in 4 of 4 problems"));
  EXPECT_THAT(comparison_html(comparison), HasSubstr("beside the first earlier run of the same"));
  EXPECT_THAT(comparison_text(comparison), HasSubstr("run B"));
}

TEST(Compare, TheSummarySaysWhatBecameOfEachFurtherRun) {
  JournalBuilder worse;
  worse.plan()["backend"]["name"] = "fast";
  worse.add_task("mini-math", 4, 1);
  for (int i = 0; i < 4; ++i) {
    SampleSpec spec;
    spec.problem = i;
    if (i >= 2) spec.outcome = "wrong_complete";
    worse.add_sample(spec);
  }
  worse.add_totals(360);
  std::vector<NamedReport> reports = {named(run_on("cpu")), named(worse)};
  EXPECT_THAT(summary_sentence(reports),
              HasSubstr("; B: 2 of 4 right (-25 points, p 1.00), decode -10 %; "));
  for (int i = 0; i < 4; ++i) reports.push_back(named(run_on("cpu")));
  const std::string many = summary_sentence(reports);
  EXPECT_THAT(many, HasSubstr("; D: 3 of 4 right (+0 points, p 1.00), decode +0 %"));
  EXPECT_THAT(many, Not(HasSubstr("; E: ")));
}

TEST(Compare, OtherDatasetsAndBudgetsAreRefusedByName) {
  JournalBuilder budget = run_on("cpu");
  budget.plan()["tasks"][0]["max_new_tokens"] = 128;
  JournalBuilder dataset = run_on("cpu");
  dataset.plan()["tasks"][0]["dataset_sha256"] = std::string(64, 'b');
  JournalBuilder sampled = run_on("cpu");
  sampled.plan()["decoding"]["temperature"] = 0.6;
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(budget), named(dataset),
                                            named(sampled)};
  const json comparison = compare_reports(reports);
  const json& runs = comparison["tasks"][0]["runs"];
  EXPECT_EQ(runs[1]["refused"], "the token budgets differ: 64 and 128");
  EXPECT_THAT(runs[2]["refused"].get<std::string>(), HasSubstr("the datasets differ"));
  EXPECT_TRUE(runs[3]["refused"].is_null());
  EXPECT_EQ(comparison["tasks"][0]["identity"][2]["why"], "the temperatures differ: 0.0 and 0.6");
  EXPECT_THAT(comparison_html(comparison), HasSubstr("Not compared"));
  EXPECT_THAT(comparison_markdown(comparison), HasSubstr("not compared"));
  EXPECT_THAT(comparison_text(comparison), HasSubstr("the token budgets differ: 64 and 128"));
}

TEST(Compare, OtherPromptsAreNotTheSameProblem) {
  json other = build_report(run_on("reference").journal());
  for (json& row : other["tasks"][0]["problems"]) row["prompt_hash"] = "0123456789abcdef";
  const std::vector<NamedReport> reports = {named(run_on("cpu")), {"b", other}};
  EXPECT_EQ(compare_reports(reports)["tasks"][0]["identity"][0]["why"],
            "they share no finished problem under the same prompt");
}

TEST(Compare, PairsAreCountedAndTested) {
  const std::vector<NamedReport> same = {named(run_on("cpu")), named(run_on("reference"))};
  const json equal = compare_reports(same)["tasks"][0]["paired"][0]["correct"];
  EXPECT_EQ(equal["both"], 3);
  EXPECT_EQ(equal["neither"], 1);
  EXPECT_EQ(equal["p_value"], 1);
  EXPECT_EQ(equal["difference"]["value"], 0);
  EXPECT_LT(equal["difference"]["ci95"][0], 0) << "four problems are no proof of equality";

  JournalBuilder worse;
  worse.add_task("mini-math", 4, 1);
  for (int i = 0; i < 4; ++i) {
    SampleSpec spec;
    spec.problem = i;
    spec.outcome = "wrong_complete";
    worse.add_sample(spec);
  }
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(worse)};
  const json comparison = compare_reports(reports);
  const json& pair = comparison["tasks"][0]["paired"][0];
  EXPECT_EQ(pair["correct"]["a_only"], 3);
  EXPECT_EQ(pair["correct"]["p_value"], 0.25);
  EXPECT_EQ(pair["correct"]["difference"]["value"], -0.75);
  EXPECT_EQ(pair["complete"]["both"], 4);
  EXPECT_THAT(comparison_html(comparison), HasSubstr("Sample by sample"));
  EXPECT_THAT(comparison_csv(comparison), HasSubstr("paired,mini-math,correct_a_only,3"));
}

TEST(Compare, OneReportIsEnoughAndTasksMayBeMissing) {
  const std::vector<NamedReport> one = {named(finished_run())};
  EXPECT_THAT(comparison_html(compare_reports(one)), HasSubstr("Comparison of 1 run<"));
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(finished_run())};
  const json tasks = compare_reports(reports)["tasks"];
  ASSERT_EQ(tasks.size(), 2);
  EXPECT_TRUE(tasks[1]["runs"][0].is_null());
  EXPECT_TRUE(tasks[1]["identity"].empty());
}

TEST(Compare, EveryFormSaysTheSameNumbers) {
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(run_on("reference"))};
  const json comparison = compare_reports(reports);
  EXPECT_THAT(comparison_csv(comparison), HasSubstr("cpu,score,mini-math,pass@1,0.75,0.30"));
  EXPECT_THAT(comparison_markdown(comparison),
              HasSubstr("| right (pass@1) | 75.0 % (30.1 to 95.4 %) |"));
  EXPECT_THAT(comparison_html(comparison), HasSubstr("75.0 % (30.1 to 95.4 %)"));
  EXPECT_THAT(comparison_text(comparison), HasSubstr("75.0 % (30.1 to 95.4 %)"));
  EXPECT_THAT(comparison_html(comparison), HasSubstr("4 of 4"));
}

TEST(Compare, HostileNamesStayNames) {
  const std::string hostile = "=cmd|' /C calc'!A0 | @team #1 `x` <script>\x1b[0m\u202E\n::error::";
  JournalBuilder other = run_on(hostile);
  other.plan()["model"]["name"] = hostile;
  other.plan()["device"]["name"] = hostile;
  JournalBuilder first = run_on("cpu");
  first.plan()["model"]["name"] = "::error::@team #1 https://x <b>";
  const std::vector<NamedReport> reports = {named(first), named(other)};
  const json comparison = compare_reports(reports);

  const std::string html = comparison_html(comparison);
  const std::string body = html.substr(html.find("<main>"), html.find("</main>"));
  EXPECT_EQ(body.find("<script>"), body.rfind("<script>")) << "only the page's own";
  for (const std::string& form : {html, comparison_markdown(comparison), comparison_csv(comparison),
                                  comparison_text(comparison), summary_sentence(reports)}) {
    EXPECT_EQ(form.find('\x1b'), std::string::npos);
    EXPECT_EQ(form.find("\u202E"), std::string::npos);
    EXPECT_EQ(form.find("\n::error"), std::string::npos);
    EXPECT_NE(form.rfind("::error", 0), 0);
  }
  // Markdown: names in tables are code, and the sentence holds no mention, issue, link or tag.
  const std::string markdown = comparison_markdown(comparison);
  EXPECT_THAT(markdown, HasSubstr("`=cmd\\|' /C calc'!A0 \\| @team #1 'x' <script>"));
  const std::string sentence = markdown.substr(0, markdown.find("\n\n", 25));
  for (const char* markup : {"@team", "#1", "://", " <b>", "::error"}) {
    EXPECT_THAT(sentence, Not(HasSubstr(markup)));
  }
}

TEST(Compare, FileNamesMayHoldAnyBytes) {
  const std::vector<NamedReport> reports = {named(run_on("cpu"), "/home/ada/\xFF\x1b.json")};
  EXPECT_EQ(compare_reports(reports)["runs"][0]["file"], "~/\uFFFD\uFFFD.json");
}

TEST(Compare, CsvCellsAreNeverFormulas) {
  JournalBuilder other = run_on("=1+1,\"x\"");
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(other)};
  const std::string csv = comparison_csv(compare_reports(reports));
  EXPECT_THAT(csv, HasSubstr("\n\"'=1+1,\"\"x\"\"\",speed"));
}

TEST(Summary, SaysWhatAPersonWantsToKnow) {
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(run_on("reference", 2))};
  EXPECT_EQ(summary_sentence(reports),
            "tiny on cpu (avx2, 2 threads): 200 tokens/s decode, 2,000 prefill, peak memory "
            "130 MB; 3 of 4 problems right, 4 of 4 chains complete; B: decode +0 %; cpu and "
            "reference gave the "
            "same tokens in 2 of 2 problems.");
}

TEST(Summary, SaysWhatIsMissing) {
  JournalBuilder debug = run_on("cpu");
  debug.plan()["tool"]["build_type"] = "Debug";
  const std::vector<NamedReport> reports = {named(debug)};
  EXPECT_THAT(summary_sentence(reports), HasSubstr(": no speed was reported, peak memory"));
  JournalBuilder bench;
  bench.add_totals();
  EXPECT_EQ(summary_sentence(std::vector<NamedReport>{named(bench)}),
            "tiny on cpu (avx2, 2 threads): 200 tokens/s decode, 2,000 prefill, peak memory "
            "130 MB.");
}

}  // namespace
}  // namespace assay::testing
