// Chain retention on the page of a run, in comparisons, and against hostile journals.
#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "reports/common/report.h"
#include "reports/common/retention_words.h"
#include "reports/compare/compare.h"
#include "reports/html/sections.h"
#include "tests/reports/fixture.h"

namespace assay::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

JournalBuilder run_with(const json& record) {
  JournalBuilder run = finished_run();
  run.add(record);
  return run;
}

json retention_of(const json& report) {
  return report.at("tasks").at(0).at("retention");
}

json comparison_with(const json& record) {
  const std::vector<NamedReport> reports = {{"a.json", build_report(finished_run().journal())},
                                            {"b.json", build_report(run_with(record).journal())}};
  return compare_reports(reports);
}

TEST(RetentionReport, TheLastRecordOfATaskCounts) {
  JournalBuilder run = run_with(retention_record());
  json second = retention_record();
  second["samples"] = 3;
  run.add(second);
  const json retention = retention_of(build_report(run.journal()));
  EXPECT_EQ(retention.at("samples"), 3);
  EXPECT_FALSE(retention.contains("type") || retention.contains("task"));
  EXPECT_TRUE(build_report(run.journal()).at("tasks").at(1).at("retention").is_null());
  EXPECT_TRUE(retention_of(build_report(finished_run().journal())).is_null());
}

TEST(RetentionReport, ThePageShowsEveryValueWithItsMeaning) {
  const std::string page = retention_section(retention_record());
  for (const RetentionValue& value : retention_values()) {
    EXPECT_THAT(page, HasSubstr(std::string(value.label))) << value.name;
  }
  EXPECT_THAT(page, AllOf(HasSubstr("teacher, BF16, cpu, exact/1"), HasSubstr("37.5 % (25.0 to"),
                          HasSubstr("62.5 %"), HasSubstr("6.2 %"), HasSubstr("87.5 %"),
                          HasSubstr("both 2, only the reference 1, only this run 0, neither 1")));
  EXPECT_THAT(page, HasSubstr("1: 100.0 % · 2: 100.0 % · 4: 75.0 % · 8: 75.0 % · 16: 25.0 %"));
  EXPECT_THAT(page, HasSubstr("is undefined")) << "no published number stands beside it";
  EXPECT_EQ(retention_section(nullptr), "");
}

TEST(RetentionReport, WhatWasNotMeasuredSaysWhy) {
  json record = retention_record();
  record["forced"] = nullptr;
  record["free"] = {{"survival", json::array()}, {"why", "the runs draw by another seed"}};
  record["content"]["self_ceiling"] = nullptr;
  record["content"]["prompt_values"] = "unknown";
  const std::string gaps = retention_gaps(record);
  EXPECT_THAT(gaps, AllOf(HasSubstr("Forced: not measured; assay retain --forced"),
                          HasSubstr("Free: the runs draw by another seed."),
                          HasSubstr("texts are not at hand"), HasSubstr("--again")));
  EXPECT_THAT(retention_section(record), HasSubstr("draw by another seed"));
  EXPECT_EQ(retention_gaps(retention_record()), "");
}

TEST(RetentionReport, ComparisonsShowItInEveryForm) {
  const json comparison = comparison_with(retention_record());
  EXPECT_THAT(comparison_html(comparison),
              AllOf(HasSubstr("Chain retention"), HasSubstr("steps drawn again"),
                    HasSubstr("more cannot be asked for"), HasSubstr("16: 25.0 %")));
  EXPECT_THAT(comparison_markdown(comparison),
              AllOf(HasSubstr("retention: milestones found (milestones_found) |"),
                    HasSubstr("| 62.5 % (50.0 to 75.0 %) |"), HasSubstr("is undefined")));
  EXPECT_THAT(comparison_text(comparison), HasSubstr("37.5 % (25.0 to 50.0 %)"));
  EXPECT_THAT(comparison_csv(comparison),
              AllOf(HasSubstr(",retention,mini-math,milestones_by_chance,0.0625,0.0,0.25"),
                    HasSubstr(",retention,mini-math,distillation_loss,0.45,,"),
                    HasSubstr(",retention,mini-math,outcome_correct_a_only,1,,"),
                    HasSubstr(",retention,mini-math,outcome_correct_difference,-0.25,-0.75,0.0")));
  const std::vector<NamedReport> without = {{"a.json", build_report(finished_run().journal())}};
  const json alone = compare_reports(without);
  EXPECT_THAT(comparison_html(alone), Not(HasSubstr("Chain retention")));
  EXPECT_THAT(comparison_markdown(alone), Not(HasSubstr("is undefined")));
  EXPECT_THAT(comparison_csv(alone), Not(HasSubstr("retention")));
}

TEST(RetentionReport, ForeignNamesAreNoMarkup) {
  json record = retention_record();
  record["reference"]["model"] = "<script>x</script> | @someone";
  const json comparison = comparison_with(record);
  EXPECT_THAT(comparison_html(comparison), Not(HasSubstr("<script>x")));
  EXPECT_THAT(comparison_markdown(comparison), Not(HasSubstr("@someone")));
  EXPECT_THAT(comparison_markdown(comparison), Not(HasSubstr("> | @")));
  EXPECT_THAT(retention_section(record), Not(HasSubstr("<script>x")));
}

/// Replaces one member at a time, at every depth, by something of another type.
void every_damage(const json& record, const std::function<void(const json&)>& use) {
  const json flat = record.flatten();
  std::set<std::string> places;
  for (const auto& [path, unused] : flat.items()) {
    for (std::string at = path; !at.empty(); at = at.substr(0, at.rfind('/'))) places.insert(at);
  }
  const std::vector<json> values = {nullptr,
                                    true,
                                    -1,
                                    1e308,
                                    "text",
                                    json::array({1, "x"}),
                                    {{"value", "x"}, {"ci95", {nullptr, 2}}, {"both", {}}}};
  for (const std::string& at : places) {
    if (at == "/type" || at == "/task") continue;
    for (const json& value : values) {
      json damaged = record;
      damaged[json::json_pointer(at)] = value;
      use(damaged);
    }
  }
}

TEST(RetentionReport, ADamagedRecordIsShownWithoutHarm) {
  int shown = 0;
  every_damage(retention_record(), [&shown](const json& damaged) {
    shown += retention_section(damaged).empty() ? 0 : 1;
    for (const RetentionValue& value : retention_values()) {
      EXPECT_FALSE(show_retention(value, read_retention(value, damaged)).empty());
    }
    retention_gaps(damaged);
    retention_survival(damaged);
  });
  EXPECT_GT(shown, 500);
  json damaged = retention_record();
  damaged["forced"]["step_share"] = "much";
  damaged["outcome"]["correct"] = {{"both", "x"}};
  const json comparison = comparison_with(damaged);
  EXPECT_THAT(comparison_html(comparison), HasSubstr("Chain retention"));
  EXPECT_THAT(comparison_csv(comparison), HasSubstr("milestones_found"));
  EXPECT_THAT(comparison_markdown(comparison), HasSubstr("milestones"));
}

}  // namespace
}  // namespace assay::testing
