// The comparison's page in a real browser, from file://, with hostile texts everywhere.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "reports/common/report.h"
#include "reports/compare/compare.h"
#include "tests/reports/fixture.h"
#include "tests/support/test_data.h"

namespace assay::testing {
namespace {

using nlohmann::json;

/// The first of `names` that can be run, with its path.
std::optional<std::string> program_in_path(std::initializer_list<const char*> names) {
  const char* path = std::getenv("PATH");
  for (const char* name : names) {
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
      const std::size_t colon = rest.find(':');
      const auto file = std::filesystem::path(rest.substr(0, colon)) / name;
      std::error_code error;
      if (std::filesystem::is_regular_file(file, error)) return file.string();
      rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string> browser() {
  if (const char* named = std::getenv("ASSAY_TEST_BROWSER"); named != nullptr && *named != '\0') {
    return named;
  }
  return program_in_path({"chromium", "chromium-browser", "google-chrome"});
}

#define ASSAY_REQUIRE_BROWSER(program, python)                                          \
  const auto program = browser();                                                       \
  if (!program)                                                                         \
    GTEST_SKIP() << "no Chromium: apt-get install chromium, or set ASSAY_TEST_BROWSER"; \
  const auto python = program_in_path({"python3"});                                     \
  if (!python) GTEST_SKIP() << "no python3 in PATH"

constexpr const char* kHostile =
    "</pre></script><script>window.hacked=1</script><img src=x onerror=window.hacked=2> "
    "\"onmouseover='window.hacked=3' javascript:window.hacked=4 \u202Egnirts\u2066 \x1b[31m "
    "&#60;b>";

/// Runs whose names, answers and chains are hostile, with their journals; every run parts from the
/// first somewhere.
std::vector<NamedReport> hostile_runs(int n_runs, int n_problems, const std::string& padding) {
  std::vector<NamedReport> out;
  for (int run = 0; run < n_runs; ++run) {
    JournalBuilder builder;
    builder.plan()["backend"]["name"] = fmt::format("{} {}", kHostile, run);
    builder.plan()["device"]["name"] = kHostile;
    builder.plan()["device"]["peaks"] = {{"fp32_gflops", 90.0 + run}};
    builder.plan()["model"]["name"] = kHostile;
    builder.plan()["model"]["flops_per_token"] = 270'000'000;
    builder.add_task("mini-math", n_problems, 1);
    for (int i = 0; i < n_problems; ++i) {
      SampleSpec spec;
      spec.problem = i;
      spec.tokens = {11, 12, 13 + (run + i) % 3, 14, 2};
      spec.text = fmt::format("{} begins alike, then {} says {}. {}", kHostile, run, (run + i) % 3,
                              padding);
      spec.extracted = (run + i) % 3 == 0 ? "4" : kHostile;
      spec.gold = kHostile;
      spec.outcome = (run + i) % 3 == 0 ? "correct_complete" : "wrong_incomplete";
      builder.add_sample(spec);
    }
    if (run % 2 == 0) builder.add(retention_record());
    for (const int batch : {1, 4, 8}) {
      for (const int depth : {0, 1024}) {
        builder.add_bench("decode", 128, depth, batch, 100.0 * batch + 7 * run - depth / 100.0);
      }
    }
    builder.add_totals(300 + 100 * run);
    NamedReport report{kHostile, build_report(builder.journal())};
    report.journal = std::make_shared<const Journal>(builder.journal());
    out.push_back(std::move(report));
  }
  return out;
}

/// Runs the script that drives the browser; what it prints is shown.
int browser_checks(const std::string& program, const std::string& python,
                   const std::filesystem::path& page) {
  const std::string command =
      fmt::format("PYTHONDONTWRITEBYTECODE=1 '{}' '{}/tests/reports/browser_checks.py' '{}' '{}'",
                  python, ASSAY_SOURCE_DIR, program, page.string());
  return std::system(command.c_str());  // NOLINT: paths of this machine
}

TEST(Browser, TheComparisonIsInertSortsAndOpensProblems) {
  ASSAY_REQUIRE_BROWSER(program, python);
  const TempDir dir;
  const auto page = dir.path() / "page.html";
  const auto runs = hostile_runs(3, 6, "");
  write_text(page, comparison_html(compare_reports(runs), runs));
  EXPECT_EQ(browser_checks(*program, *python, page), 0);
}

TEST(Browser, TwelveRunsOfFiveHundredProblemsOpen) {
  ASSAY_REQUIRE_BROWSER(program, python);
  const TempDir dir;
  const auto page = dir.path() / "page.html";
  const auto runs = hostile_runs(12, 500, std::string(2000, 'x'));
  write_text(page, comparison_html(compare_reports(runs), runs));
  EXPECT_LT(std::filesystem::file_size(page), 3'000'000) << "with its chains the page stays small";
  EXPECT_EQ(browser_checks(*program, *python, page), 0);
}

}  // namespace
}  // namespace assay::testing
