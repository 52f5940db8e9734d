#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/plugins.h"
#include "reports/common/report.h"
#include "tests/reports/fixture.h"

namespace assay::testing {
namespace {

const ReportPlugin& plugin(const std::string& name) {
  for (const ReportPlugin& it : report_plugins()) {
    if (it.name == name) return it;
  }
  throw Error(ErrorKind::bug, "no report plug-in named " + name);
}

TEST(JsonReport, ReadsBackAsTheReport) {
  const Journal journal = finished_run().journal();
  const nlohmann::json report = build_report(journal);
  EXPECT_EQ(plugin("json").file_name, "report.json");
  const std::string text = plugin("json").render(report, journal);
  EXPECT_EQ(nlohmann::json::parse(text), report);
  EXPECT_EQ(text.back(), '\n');
}

TEST(JsonReport, BrokenUtf8IsReplaced) {
  const Journal journal = finished_run().journal();
  nlohmann::json report = build_report(journal);
  report["model"]["name"] = "a\xFFz";
  const std::string text = plugin("json").render(report, journal);
  EXPECT_EQ(nlohmann::json::parse(text)["model"]["name"], "a\xEF\xBF\xBDz");
}

}  // namespace
}  // namespace assay::testing
