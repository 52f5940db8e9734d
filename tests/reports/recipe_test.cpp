#include "reports/common/recipe_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/common/report.h"
#include "tests/reports/fixture.h"

namespace assay::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// A run of `problems` x `samples` in which each problem's first `right` samples are right.
JournalBuilder run_of(int problems, int samples, int right, double published) {
  JournalBuilder run;
  run.add_task("mini-math", problems, samples);
  for (int i = 0; i < problems * samples; ++i) {
    SampleSpec spec;
    spec.problem = i / samples;
    spec.sample = i % samples;
    const bool correct = samples > 1 ? spec.sample < right : spec.problem < right;
    spec.outcome = correct ? "correct_complete" : "wrong_complete";
    run.add_sample(spec);
  }
  run.plan()["recipe"] = {{"name", "r"},
                          {"title", "t"},
                          {"template", "none"},
                          {"deviations", json::array()},
                          {"published",
                           {{{"task", "mini-math"},
                             {"metric", "pass@1"},
                             {"value", published},
                             {"samples_per_problem", 64},
                             {"resolution", 0.05},
                             {"source", "a paper"}}}}};
  return run;
}

json verdict_of(const JournalBuilder& run) {
  return build_report(run.journal())["recipe"];
}

TEST(RecipeVerdict, OneRunOfThirtyProblemsIsTooFew) {
  const json recipe = verdict_of(run_of(30, 1, 9, 0.289));
  EXPECT_EQ(recipe["verdict"], "too few samples");
  EXPECT_EQ(recipe["published"][0]["ci95"].size(), 2);
  EXPECT_THAT(recipe["why"].get<std::string>(), HasSubstr("use more samples"));
}

TEST(RecipeVerdict, ManySamplesDecide) {
  EXPECT_EQ(verdict_of(run_of(30, 64, 19, 0.289))["verdict"], "consistent");    // 29.7 %
  EXPECT_EQ(verdict_of(run_of(30, 64, 24, 0.289))["verdict"], "inconsistent");  // 37.5 %
  // Every problem always right: no spread was seen, and still there is an interval.
  const json all = verdict_of(run_of(30, 8, 8, 1.0));
  EXPECT_EQ(all["verdict"], "consistent");
  EXPECT_LT(all["published"][0]["ci95"][0], 1);
}

TEST(RecipeVerdict, FarOffIsInconsistentEvenWithOneSample) {
  EXPECT_EQ(verdict_of(run_of(30, 1, 27, 0.289))["verdict"], "inconsistent");
}

TEST(RecipeVerdict, FailedSamplesWidenTheInterval) {
  JournalBuilder run;
  run.add_task("mini-math", 100, 1);
  for (int i = 0; i < 100; ++i) {
    SampleSpec spec;
    spec.problem = i;
    spec.outcome = i < 60   ? "correct_complete"
                   : i < 70 ? "wrong_complete"
                            : "infrastructure_failure";
    run.add_sample(spec);
  }
  run.plan()["recipe"] = run_of(1, 1, 1, 0.65).plan()["recipe"];
  // 60 of 70, and 30 that failed: anything from 60 to 90 %.
  const json recipe = verdict_of(run);
  EXPECT_EQ(recipe["verdict"], "too few samples");
  EXPECT_LT(recipe["published"][0]["ci95"][0], 0.6);
}

TEST(RecipeVerdict, IsRefusedWithoutAnInterval) {
  JournalBuilder partial;
  partial.add_task("mini-math", 4, 1);
  partial.add_sample({});
  partial.plan()["recipe"] = run_of(1, 1, 1, 0.5).plan()["recipe"];
  const json recipe = verdict_of(partial);
  EXPECT_TRUE(recipe["verdict"].is_null());
  EXPECT_THAT(recipe["why"].get<std::string>(), HasSubstr("without an interval is refused"));
}

TEST(RecipeVerdict, ADeviationHasNone) {
  JournalBuilder run = run_of(30, 64, 19, 0.289);
  run.plan()["recipe"]["deviations"] = {"max-new-tokens differs from the recipe's 32768"};
  const json recipe = verdict_of(run);
  EXPECT_TRUE(recipe["verdict"].is_null());
  EXPECT_THAT(recipe["why"].get<std::string>(), HasSubstr("max-new-tokens differs"));
}

TEST(RecipeVerdict, UndefinedNumbersStayUndefined) {
  JournalBuilder run = run_of(10, 1, 8, 0.85);
  run.plan()["recipe"]["published"][0]["undefined"] = "nobody knows";
  run.plan()["recipe"]["published"][0]["metric"] = "complete_rate";
  const json recipe = verdict_of(run);
  EXPECT_EQ(recipe["verdict"], "undefined");
  EXPECT_EQ(recipe["published"][0]["measured"], 1.0) << "ours stands beside it";
  EXPECT_TRUE(recipe_verdict(nullptr, json::array()).is_null());
}

}  // namespace
}  // namespace assay::testing
