// The pages: everything is there in words, and nothing foreign becomes markup.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/plugins.h"
#include "reports/common/page.h"
#include "reports/common/report.h"
#include "reports/common/show.h"
#include "tests/reports/fixture.h"

namespace assay::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string page_of(const JournalBuilder& run) {
  const Journal journal = run.journal();
  for (const ReportPlugin& it : report_plugins()) {
    if (it.name == "html") return it.render(build_report(journal), journal);
  }
  return {};
}

/// The page without its own style and script.
std::string body_of(const std::string& page) {
  const std::size_t from = page.find("<main>");
  return page.substr(from, page.find("</main>") - from);
}

TEST(Html, EscapesWhatCouldBeMarkup) {
  EXPECT_EQ(escape_html("<a href=\"x\" onclick='y'>&"),
            "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;");
  EXPECT_EQ(escape_html("a\x1b[0m\u202Ez"), "a\uFFFD[0m\uFFFDz");
  EXPECT_EQ(inline_text("\u05E9"), "<bdi>\u05E9</bdi>");
  EXPECT_EQ(element_id("a/b <\"x\">"), "a-b---x--");
}

TEST(Html, ThePolicyAdmitsItsOwnStyleAndScriptOnly) {
  const std::string page = page_of(finished_run());
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(page, HasSubstr("script-src 'sha256-"));
  for (const char* way : {"http://", "https://", "src=", "href=", "@import", " style=", " onclick",
                          "innerHTML", "eval("}) {
    EXPECT_THAT(page, Not(HasSubstr(way)));
  }
  for (std::size_t at = 0; (at = page.find("url(", at)) != std::string::npos; ++at) {
    EXPECT_EQ(page.substr(at, 5), "url(#") << "patterns of this page alone";
  }
}

TEST(Html, SaysEverythingInWords) {
  JournalBuilder run = finished_run();
  run.add_bench("decode", 128, 1024, 8, 400);
  const std::string body = body_of(page_of(run));
  for (const char* words :
       {"tiny", "cpu", "board", "avx2", "mini-math", "mini-code", "75.0 % (30.1 to 95.4 %)",
        "right, chain complete", "cut off", "not cut off (C2)", "arithmetic holds (C7)",
        "12 checked, 1 contradicted", ">Energy</span>: not measured", "1,024", "Plan: 120 MB",
        "Measured peak of the host: 130 MB", "decoding.temperature", "Terms"}) {
    EXPECT_THAT(body, HasSubstr(words));
  }
}

TEST(Html, AComponentNeverStandsWithoutItsWords) {
  const std::string body = body_of(page_of(finished_run()));
  for (std::size_t at = 0; (at = body.find("C7", at)) != std::string::npos; ++at) {
    EXPECT_EQ(body.substr(at - 1, 4), "(C7)") << body.substr(at < 60 ? 0 : at - 60, 80);
  }
}

TEST(Html, APartIsNotAScore) {
  JournalBuilder run = finished_run();
  run.plan()["tasks"][0]["n_problems"] = 8;
  const std::string body = body_of(page_of(run));
  EXPECT_THAT(body, HasSubstr("no value. <bdi>4 of 8 samples are done"));
  EXPECT_THAT(body, HasSubstr("between 37.5 % and 87.5 %"));
  EXPECT_THAT(body, HasSubstr("class=\"warn\""));
}

TEST(Html, HostileTextStaysText) {
  const std::string hostile =
      "</pre></script><script>alert(1)</script><img src=x onerror=alert(2)> \u202Egnirts\u202C "
      "\x1b[31m javascript:alert(3)";
  JournalBuilder run = finished_run();
  for (const char* group : {"model", "device", "backend"}) run.plan()[group]["name"] = hostile;
  run.plan()["backend"]["options"] = {{hostile, hostile}};
  run.plan()["tasks"][0]["protocol"] = hostile;
  run.add_task(hostile, 1, 1);
  SampleSpec spec;
  spec.task = hostile;
  spec.text = hostile;
  spec.extracted = hostile;
  spec.gold = hostile;
  run.add_sample(spec);
  run.add_task("skipped", 1, 1)["skipped"] = hostile;
  const std::string body = body_of(page_of(run));
  EXPECT_THAT(body, HasSubstr("&lt;script&gt;alert(1)"));
  for (const char* markup : {"<script", "<img", "\x1b", "\u202E"}) {
    EXPECT_THAT(body, Not(HasSubstr(markup)));
  }
  // One <pre> a sample: none was closed by its text.
  const auto count = [&body](const std::string& word) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = body.find(word, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  EXPECT_EQ(count("<pre"), 7);
  EXPECT_EQ(count("</pre>"), 7);
}

TEST(Html, LongChainsAreCutInTheirMiddle) {
  JournalBuilder run;
  run.add_task("mini-math", 1, 1);
  SampleSpec spec;
  spec.text = "begin" + std::string(100'000, 'x') + "end";
  run.add_sample(spec);
  const std::string page = page_of(run);
  const std::size_t frame = page_of(finished_run()).size();
  EXPECT_LT(page.size(), frame + 65'000) << "of the 100,000 bytes";
  EXPECT_THAT(page, HasSubstr("begin"));
  EXPECT_THAT(page, HasSubstr("bytes left out here; journal.jsonl has them"));
  EXPECT_THAT(page, HasSubstr("end</pre>"));
}

TEST(Html, TextsBelongToTheirSamples) {
  JournalBuilder run;
  run.add_task("mini-math", 2, 2);
  for (const int i : {3, 0, 2, 1}) {
    SampleSpec spec;
    spec.problem = i / 2;
    spec.sample = i % 2;
    spec.text = "text of " + std::to_string(i);
    run.add_sample(spec);
  }
  const std::string body = body_of(page_of(run));
  std::size_t at = 0;
  for (const char* part :
       {"id=\"mini-math-0-0\"", "text of 0", "id=\"mini-math-0-1\"", "text of 1",
        "id=\"mini-math-1-0\"", "text of 2", "id=\"mini-math-1-1\"", "text of 3"}) {
    at = body.find(part, at);
    ASSERT_NE(at, std::string::npos) << part;
  }
}

TEST(Show, UnknownIsADashAndNumbersAreGrouped) {
  EXPECT_EQ(show_number(std::nullopt), "\u2013");
  EXPECT_EQ(show_number(2900.4), "2,900");
  EXPECT_EQ(show_number(51.23), "51.2");
  EXPECT_EQ(show_number(9.414), "9.41");
  EXPECT_EQ(show_count(1234567), "1,234,567");
  EXPECT_EQ(show_count(-1234), "-1,234");
  EXPECT_EQ(show_count(-123), "-123");
  EXPECT_EQ(show_percent(0.4567), "45.7 %");
  EXPECT_EQ(show_rate({{"value", nullptr}}), "\u2013");
  EXPECT_EQ(show_rate({{"value", 0.5}, {"ci95", nullptr}}), "50.0 %");
  EXPECT_EQ(show_value(true), "yes");
}

}  // namespace
}  // namespace assay::testing
