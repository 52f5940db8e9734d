// What a comparison finds beyond scores: ceilings, journals, proofs; and its page with all of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "reports/common/bars.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/plot.h"
#include "reports/common/report.h"
#include "reports/common/show.h"
#include "reports/compare/compare.h"
#include "tests/reports/fixture.h"
#include "tests/support/test_data.h"

namespace assay::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;

using ::testing::HasSubstr;
using ::testing::Not;

JournalBuilder run_on(const std::string& backend) {
  JournalBuilder run;
  run.plan()["backend"]["name"] = backend;
  run.plan()["model"]["flops_per_token"] = 270'000'000;
  run.add_task("mini-math", 3, 1);
  for (int i = 0; i < 3; ++i) {
    SampleSpec spec;
    spec.problem = i;
    if (i == 1 && backend != "cpu") {
      spec.tokens = {11, 99, 13, 2};
      spec.text = "The answer, I say, is \\boxed{5}.";
      spec.extracted = "5";
      spec.outcome = "wrong_complete";
    }
    run.add_sample(spec);
  }
  run.add_bench("decode", 128, 0, 1, 100);
  run.add_bench("decode", 128, 0, 8, 400);
  run.add_totals();
  return run;
}

NamedReport named(const JournalBuilder& run, bool with_journal = true) {
  NamedReport out{"report.json", build_report(run.journal())};
  if (with_journal) out.journal = std::make_shared<const Journal>(run.journal());
  return out;
}

TEST(Roofline, RunsArePointsUnderWhatTheirDeviceCan) {
  JournalBuilder slow = run_on("reference");
  slow.plan()["device"]["bandwidth_gb_per_s"] = 5.0;
  slow.plan()["device"]["peaks"] = {{"fp32_gflops", 40.0}, {"bf16_gflops", nullptr}};
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(slow)};
  const json roofline = compare_reports(reports)["roofline"];
  ASSERT_EQ(roofline["points"].size(), 6);
  const json& first = roofline["points"][0];
  // 90 MB of weights and 270 M operations a token, 200 tokens a second.
  EXPECT_NEAR(first["gb_per_s"].get<double>(), 9.0, 1e-9);
  EXPECT_NEAR(first["gflop_per_s"].get<double>(), 54.0, 1e-9);
  EXPECT_NEAR(first["flop_per_byte"].get<double>(), 6.0, 1e-9);
  EXPECT_EQ(first["above"], json({"peak"})) << "whichever run of the device measured it";
  EXPECT_EQ(roofline["points"][3]["above"], json({"peak"})) << "20 GB/s is the group's largest";
  EXPECT_EQ(roofline["points"][3]["bandwidth_gb_per_s"], 20);
  ASSERT_EQ(roofline["devices"].size(), 1) << "one device, measured twice";
  EXPECT_EQ(roofline["devices"][0]["bandwidth_gb_per_s"], 20);
  EXPECT_EQ(roofline["devices"][0]["least_bandwidth_gb_per_s"], 5);
  const std::string page = comparison_html(compare_reports(reports));
  EXPECT_THAT(page, HasSubstr("above the measured peak"));
  EXPECT_THAT(page, HasSubstr("fp32, GFLOP/s"));
  const std::vector<NamedReport> alone = {named(slow)};
  const json comparison = compare_reports(alone);
  EXPECT_EQ(comparison["roofline"]["points"][0]["above"], json({"bandwidth", "peak"}));
  for (const std::string& text : {comparison_markdown(comparison), comparison_text(comparison)}) {
    EXPECT_THAT(text, HasSubstr("bove the roofline: A, decode of the whole run: 9.00 GB/s, above "
                                "the 5.00 measured; 54.0 GFLOP/s, above the 40.0 measured"));
  }
}

TEST(Roofline, SaysWhyARunHasNoPoint) {
  JournalBuilder old = run_on("cpu");
  old.plan()["model"].erase("flops_per_token");
  JournalBuilder debug = run_on("cpu");
  debug.plan()["tool"]["build_type"] = "Debug";
  const std::vector<NamedReport> reports = {named(old), named(debug)};
  const json comparison = compare_reports(reports);
  EXPECT_TRUE(comparison["roofline"]["points"].empty());
  EXPECT_THAT(comparison["roofline"]["missing"][0]["why"], HasSubstr("an older assay"));
  ASSERT_EQ(comparison["refused"].size(), 1);
  EXPECT_THAT(comparison["refused"][0]["what"].get<std::string>(), HasSubstr("speed of "));
  EXPECT_THAT(comparison["refused"][0]["why"].get<std::string>(), HasSubstr("not Release"));
}

TEST(Page, ExplainsAPolicyWithItsVersionAndWhatARunLacks) {
  JournalBuilder exact = run_on("cpu");
  exact.plan()["backend"]["numerics"] = "exact/1";
  exact.plan()["identity"]["numerics"] = "exact/1";
  exact.plan()["identity"]["semantics"] = "exact/1";
  const std::vector<NamedReport> reports = {named(exact), named(run_on("reference"))};
  const std::string page = comparison_html(compare_reports(reports));
  EXPECT_THAT(page, HasSubstr("The numerics policy that gives the same bits on every machine."));
  EXPECT_THAT(page, HasSubstr(">exact/1<"));
  EXPECT_THAT(page, Not(HasSubstr("\u2260 no<")));
  for (const char* words :
       {"How attention&#39;s keys and values are stored", "The most memory that the process held",
        "CPU time over wall time", "Joules that the machine", "Driver, temperature, power"}) {
    EXPECT_THAT(page, HasSubstr(words));
  }
}

TEST(Page, LabelsOfGuidesCoverNoMark) {
  Plot plot;
  plot.name = "p";
  plot.scatter = true;
  plot.x = {"x", linear_scale({100}, ""), {}};
  plot.y = {"y", linear_scale({100}, ""), {}};
  plot.guides.push_back({0, 50, 100, 50, "a ceiling", true});
  const std::string free = plot_html(plot);
  EXPECT_THAT(free, HasSubstr("x=\"100%\" y=\"115\" text-anchor=\"end\">a ceiling"));
  PlotLine line;
  line.points.push_back({96, 52, {}, {}, "mark"});
  plot.lines.push_back(line);
  const std::string moved = plot_html(plot);
  EXPECT_THAT(moved, Not(HasSubstr("x=\"100%\" y=\"115\" text-anchor=\"end\">a ceiling")));
  EXPECT_THAT(moved, HasSubstr("a ceiling"));
}

TEST(Journals, AreTakenOnlyIfTheyAreTheReports) {
  const TempDir dir;
  const JournalBuilder run = run_on("cpu");
  NamedReport report{(dir.path() / "report.json").string(), build_report(run.journal())};
  attach_journal(&report);
  EXPECT_EQ(report.journal, nullptr);
  EXPECT_THAT(report.why_no_journal, HasSubstr("no journal.jsonl lies beside"));
  write_text(dir.path() / "journal.jsonl", run_on("reference").text());
  attach_journal(&report);
  EXPECT_EQ(report.journal, nullptr);
  EXPECT_THAT(report.why_no_journal, HasSubstr("other tokens for mini-math/1"));
  JournalBuilder later = run;
  later.plan()["utc"] = "2027-01-01T00:00:00Z";
  write_text(dir.path() / "journal.jsonl", later.text());
  attach_journal(&report);
  EXPECT_THAT(report.why_no_journal, HasSubstr("another run"));
  write_text(dir.path() / "journal.jsonl", "{}\n");
  attach_journal(&report);
  EXPECT_EQ(report.journal, nullptr);
  write_text(dir.path() / "journal.jsonl", run.text());
  attach_journal(&report);
  EXPECT_NE(report.journal, nullptr);
  EXPECT_EQ(report.why_no_journal, "");
}

TEST(Journals, SayWhereTwoRunsPart) {
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(run_on("reference"))};
  const json parting = compare_reports(reports)["tasks"][0]["partings"][0];
  EXPECT_EQ(parting["samples"], 3);
  EXPECT_EQ(parting["identical"], 2);
  EXPECT_EQ(parting["first"][0]["token"], 1);
  EXPECT_EQ(parting["first"][0]["kind"], "material");
  const std::vector<NamedReport> alone = {named(run_on("cpu")), named(run_on("reference"), false)};
  EXPECT_THAT(compare_reports(alone)["tasks"][0]["partings"][0]["why"],
              HasSubstr("was not looked for"));
}

TEST(Proofs, BelongToTheirRun) {
  std::vector<NamedReport> reports = {named(run_on("cpu"))};
  json proof = {
      {"bit_equal", true},
      {"positions", 12},
      {"positions_bit_equal", 12},
      {"transfers", true},
      {"why", nullptr},
      {"run",
       {{"utc", reports[0].report["utc"]},
        {"model", {{"sha256", reports[0].report["model"]["sha256"]}}}}},
      {"here", {{"backend", {{"name", "reference"}}}, {"isa", "scalar"}, {"threads", 1}}}};
  ASSERT_TRUE(add_transfer_proof(proof.dump(), "p.json", reports));
  const std::string page = comparison_html(compare_reports(reports));
  EXPECT_THAT(page, AllOf(HasSubstr("12 of 12 positions have the same bits on"),
                          HasSubstr("its scores hold there, too")));
  proof["run"]["utc"] = "2020-01-01T00:00:00Z";
  const auto refused = add_transfer_proof(proof.dump(), "p.json", reports);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::environment);
  EXPECT_THAT(refused.error().line(), HasSubstr("p.json is a transfer proof of none"));
  proof["positions_bit_equal"] = 11;
  const auto forged = add_transfer_proof(proof.dump(), "p.json", reports);
  ASSERT_FALSE(forged);
  EXPECT_THAT(forged.error().line(), HasSubstr("claims a transfer with 11 of 12"));
}

TEST(Page, WhatDiffersComesFirst) {
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(run_on("reference"))};
  const std::string page = comparison_html(compare_reports(reports), reports);
  std::size_t at = 0;
  for (const char* part :
       {"What differs between the runs", ">Overview<", ">Speed<", "Time to first token (TTFT)",
        "Decode by batch", ">Memory<", ">mini-math<", "95 % intervals", "exactly one class",
        "Reasoning chains, part by part", "How long each run writes what the baseline writes",
        "Sample by sample", "Every problem", "Numerics and proofs", ">Terms<"}) {
    at = page.find(part, at);
    ASSERT_NE(at, std::string::npos) << part;
  }
}

TEST(Page, ChainsAreLeftOutWhenThereIsNoRoom) {
  const std::vector<NamedReport> reports = {named(run_on("cpu")), named(run_on("reference"))};
  const json comparison = compare_reports(reports);
  const std::string with = comparison_html(comparison, reports);
  const std::string without = comparison_html(comparison, reports, {0});
  EXPECT_NE(with, without);
  EXPECT_EQ(with, comparison_html(comparison, reports)) << "a pure function";
  EXPECT_THAT(without, HasSubstr("data-key=\"mini-math/mini-math%2F1/0\" data-z=\""));
  EXPECT_THAT(comparison_html(comparison), Not(HasSubstr("data-z=")));
}

/// Replaces one member at a time by something absurd.
TEST(Page, ADamagedReportIsShownWithoutHarm) {
  JournalBuilder run = run_on("cpu");
  run.plan()["device"]["peaks"] = {{"fp32_gflops", 40.0}};
  run.add(retention_record());
  const json good = build_report(run.journal());
  const std::vector<json> values = {
      nullptr, -1, 1e308, 1e-320, "x", json::array({1}), json::object({{"value", 7}})};
  const json flat = good.flatten();
  std::set<std::string> places;
  for (const auto& [path, unused] : flat.items()) {
    for (std::string at = path; !at.empty(); at = at.substr(0, at.rfind('/'))) places.insert(at);
  }
  std::size_t turn = 0;
  for (const std::string& at : places) {
    json damaged = good;
    damaged[json::json_pointer(at)] = values[turn++ % values.size()];
    if (!parse_report(damaged.dump(), "a")) continue;
    const std::vector<NamedReport> reports = {{"a", good}, {"b", damaged}};
    const json comparison = compare_reports(reports);
    EXPECT_FALSE(comparison_html(comparison, reports).empty()) << at;
    EXPECT_FALSE(comparison_text(comparison).empty()) << at;
    EXPECT_FALSE(comparison_markdown(comparison).empty()) << at;
    EXPECT_FALSE(comparison_csv(comparison).empty()) << at;
  }
}

TEST(Chart, ScalesHoldWhateverTheyAreGiven) {
  EXPECT_EQ(linear_scale({430}, "").to, 500);
  EXPECT_EQ(linear_scale({}, "").to, 1);
  EXPECT_EQ(log_scale({3, 800}, "").from, 1);
  EXPECT_EQ(log_scale({3, 800}, "").to, 1000);
  for (const double value : {0.0, 1e-320, 1e308, -3.0}) {
    for (const Scale& scale : {linear_scale({value}, ""), log_scale({value}, "")}) {
      EXPECT_GT(scale.to, scale.from);
      EXPECT_LT(ticks_of(scale).size(), 20);
      EXPECT_GE(scale.place(value), 0);
      EXPECT_LE(scale.place(value), 1);
    }
  }
  EXPECT_EQ(run_letter(0) + run_letter(25) + run_letter(26) + run_letter(701), "AZAAZZ");
}

TEST(Chart, NamesInAddressesAndIdsStayApart) {
  EXPECT_EQ(url_part("a/b <\"é"), "a%2Fb%20%3C%22%C3%A9");
  EXPECT_EQ(anchor_of("mini-math"), "mini-math");
  EXPECT_NE(anchor_of("a/b"), anchor_of("a b"));
  EXPECT_EQ(base64_of(std::string("\0\xff"
                                  "a",
                                  3)),
            "AP9h");
}

}  // namespace
}  // namespace assay::testing
