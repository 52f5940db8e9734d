// Retention from two journals: pairs, free, content, outcomes.
#include "harness/retention/retention.h"

#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "harness/retention/forced.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using Tokens = std::vector<int>;

/// A journal of one task "t", made sample by sample.
class RunMaker {
 public:
  explicit RunMaker(const std::string& model = "m") {
    journal_.plan = {
        {"model", {{"name", model}, {"sha256", model}}},
        {"decoding", {{"temperature", 0.0}, {"top_p", 1.0}, {"top_k", 0}, {"seed", 0}}},
        {"tasks",
         {{{"name", "t"},
           {"dataset_sha256", "d"},
           {"protocol", "boxed"},
           {"max_new_tokens", 64},
           {"chain_profile", "plain"}}}}};
  }
  json& decoding() { return journal_.plan["decoding"]; }
  json& task() { return journal_.plan["tasks"][0]; }
  json& add(const std::string& problem, const std::string& text, const Tokens& tokens = {},
            int sample = 0) {
    const std::string key = problem + "#" + std::to_string(sample);
    journal_.samples.push_back({{"task", "t"},
                                {"problem", problem},
                                {"sample", sample},
                                {"key", key},
                                {"stop", "eos"},
                                {"prompt_sha256", "prompt of " + problem},
                                {"text", text},
                                {"tokens", tokens},
                                {"top2_margin", std::vector<double>(tokens.size(), 3.0)}});
    return journal_.samples.back();
  }
  void grade(const std::string& problem, bool right, bool complete) {
    journal_.grades[problem + "#0"] = {{"status", "graded"},
                                       {"verdict", right ? "equal" : "not_equal"}};
    journal_.chains[problem + "#0"] = {{"complete", complete}};
  }
  const Journal& journal() const { return journal_; }

 private:
  Journal journal_;
};

json free_of(const RunMaker& run, const RunMaker& reference) {
  return free_retention(pair_runs(run.journal(), reference.journal()).tasks.at(0));
}

json content_of(const RunMaker& run, const RunMaker& reference, const Questions& questions = {},
                const RunMaker* again = nullptr) {
  return content_retention(pair_runs(run.journal(), reference.journal()).tasks.at(0), questions,
                           again == nullptr ? nullptr : &again->journal());
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.line();
  }
  return "no error";
}

TEST(Retention, ARunAgainstItselfKeepsEverything) {
  RunMaker run;
  run.add("a", "2 + 3 = 5, so 5 * 4 = 20", {1, 2, 3});
  run.add("b", "7 - 1 = 6, and 6^2 = 36", {4, 5});
  run.grade("a", true, true);
  run.grade("b", false, true);
  const json free = free_of(run, run);
  EXPECT_EQ(free["samples"], 2);
  EXPECT_EQ(free["identical"], 2);
  EXPECT_TRUE(free["survival"].empty());
  EXPECT_TRUE(free["median_tokens"].is_null()) << "nothing ever differs";
  const json content = content_of(run, run);
  EXPECT_EQ(content["milestones"], 4);
  EXPECT_EQ(content["found"]["value"], 1.0);
  EXPECT_EQ(content["chance"]["value"], 0.0);
  EXPECT_TRUE(content["self_ceiling"].is_null());
  const TaskPair pair = pair_runs(run.journal(), run.journal()).tasks.at(0);
  const json outcome = outcome_retention(pair);
  EXPECT_EQ(outcome["correct"]["both"], 1);
  EXPECT_EQ(outcome["correct"]["neither"], 1);
  EXPECT_EQ(outcome["correct"]["p_value"], 1);
  EXPECT_EQ(outcome["complete"]["both"], 2);
}

TEST(Retention, TheFirstDifferenceHasTheReferencesMargin) {
  RunMaker reference;
  reference.add("a", "", {1, 2, 3});
  reference.add("b", "", {4, 5})["top2_margin"] = {3.0, 0.01};
  RunMaker run("n");
  run.add("a", "", {1, 9, 3});
  run.add("b", "", {4, 8});
  const json free = free_of(run, reference);
  EXPECT_EQ(free["identical"], 0);
  EXPECT_EQ(free["median_tokens"], 1);
  EXPECT_EQ(free["divergences"], json({{"near_tie", 1}, {"material", 1}, {"unknown", 0}}));
  EXPECT_EQ(
      free["first"][1],
      json(
          {{"problem", "b"}, {"sample", 0}, {"token", 1}, {"margin", 0.01}, {"kind", "near_tie"}}));
  EXPECT_EQ(free["survival"], json({{{"tokens", 1}, {"share", 0.0}}}));
}

TEST(Retention, WhereABudgetEndsThePairIsCensored) {
  RunMaker reference;
  reference.add("a", "", {1, 2, 3, 4});
  reference.add("b", "", {1, 2, 3, 4});
  RunMaker run("n");
  run.add("a", "", {1, 2})["stop"] = "length";
  run.add("b", "", {1, 2, 3});  // ended by itself: another choice
  const json free = free_of(run, reference);
  EXPECT_EQ(free["identical"], 0);
  EXPECT_EQ(free["survival"], json({{{"tokens", 3}, {"share", 0.0}}}));
  EXPECT_EQ(free["first"].size(), 1U);
}

TEST(Retention, UnderSamplingTheMarginDecidesNothing) {
  RunMaker reference;
  RunMaker run("n");
  reference.add("a", "", {1, 2});
  run.add("a", "", {1, 3});
  for (RunMaker* it : {&reference, &run}) it->decoding()["temperature"] = 0.6;
  EXPECT_EQ(free_of(run, reference)["divergences"]["unknown"], 1);
  run.decoding()["seed"] = 1;
  const json free = free_of(run, reference);
  EXPECT_EQ(free["why"], "the runs draw by another seed");
  EXPECT_TRUE(free["samples"].is_null());
}

TEST(Retention, OtherPromptsAreNotComparedTokenByToken) {
  RunMaker reference;
  RunMaker run("n");
  reference.add("a", "2 + 2 = 4", {1, 2});
  run.add("a", "2 + 2 = 4", {7, 8})["prompt_sha256"] = "of another tokenizer";
  EXPECT_THAT(free_of(run, reference)["why"].get<std::string>(), HasSubstr("another tokenizer"));
  EXPECT_EQ(content_of(run, reference)["found"]["value"], 1.0) << "texts still compare";
}

TEST(Retention, WhatTheProblemStatesIsNoMilestone) {
  RunMaker run;
  run.add("a", "So x = 12, and x + 5 = 17.", {1});
  const json known = content_of(run, run, {{"a", "Take 12 and add 5."}});
  EXPECT_EQ(known["milestones"], 1);
  EXPECT_EQ(known["prompt_values"], "excluded");
  const json unknown = content_of(run, run, {{"b", "Another problem."}});
  EXPECT_EQ(unknown["milestones"], 2);
  EXPECT_EQ(unknown["prompt_values"], "unknown");
}

TEST(Retention, ChanceIsWhatAnotherProblemsChainHolds) {
  RunMaker reference;
  RunMaker run("n");
  reference.add("a", "a = 10 and b = 20", {1});
  reference.add("b", "a = 30 and b = 40", {1});
  run.add("a", "a = 10", {1});
  run.add("b", "a = 30, b = 40, c = 20", {1});
  const json content = content_of(run, reference);
  EXPECT_EQ(content["found"]["value"], 0.75);
  EXPECT_EQ(content["chance"]["value"], 0.25) << "20 of problem a stands in the chain of b";
}

TEST(Retention, TheCeilingIsTheReferenceWithAnotherSeed) {
  RunMaker two;
  two.add("a", "a = 10 and b = 20", {1}, 0);
  two.add("a", "a = 10", {1}, 1);
  const json samples = content_of(two, two);
  EXPECT_EQ(samples["self_ceiling"]["value"], 0.75) << "half of the first in the second, all back";
  EXPECT_EQ(samples["self_ceiling"]["n"], 1);
  EXPECT_EQ(samples["self_ceiling"]["samples"], 2);
  RunMaker one;
  RunMaker again;
  one.add("a", "a = 10 and b = 20", {1});
  again.add("a", "b = 20", {1});
  EXPECT_EQ(content_of(one, one, {}, &again)["self_ceiling"]["value"], 0.5);
  again.task()["dataset_sha256"] = "other problems";
  EXPECT_TRUE(content_of(one, one, {}, &again)["self_ceiling"].is_null());
}

TEST(Retention, AgainMustBeTheReferencesModelAndDrawOtherwise) {
  RunMaker reference;
  RunMaker other("n");
  EXPECT_THAT(error_of([&] { require_other_seed(reference.journal(), other.journal()); }),
              HasSubstr("--again is a run of another model than --reference"));
  EXPECT_THAT(error_of([&] { require_other_seed(reference.journal(), reference.journal()); }),
              HasSubstr("both are greedy"));
  RunMaker sampled;
  sampled.decoding()["temperature"] = 0.6;
  EXPECT_EQ(error_of([&] { require_other_seed(reference.journal(), sampled.journal()); }),
            "no error");
  EXPECT_THAT(error_of([&] { require_other_seed(sampled.journal(), sampled.journal()); }),
              HasSubstr("temperature and seed are the same"));
  RunMaker seed = sampled;
  seed.decoding()["seed"] = 1;
  EXPECT_EQ(error_of([&] { require_other_seed(sampled.journal(), seed.journal()); }), "no error");
}

TEST(Retention, AReferenceWithoutChainsSaysSo) {
  RunMaker reference;
  RunMaker run("n");
  for (const char* problem : {"a", "b"}) {
    reference.add(problem, "");
    run.add(problem, "x = 5", {1, 2});
  }
  const json content = content_of(run, reference);
  EXPECT_EQ(content["milestones"], 0);
  EXPECT_TRUE(content["found"].is_null());
  EXPECT_THAT(content["why"].get<std::string>(), HasSubstr("derive no value"));
  const TaskPair pair = pair_runs(run.journal(), reference.journal()).tasks.at(0);
  EXPECT_THAT(outcome_retention(pair)["why"].get<std::string>(), HasSubstr("no sample was graded"));
}

TEST(Retention, OutcomesOfOtherBudgetsAreNotCompared) {
  RunMaker reference;
  RunMaker run("n");
  for (RunMaker* it : {&reference, &run}) {
    it->add("a", "", {1});
    it->grade("a", true, true);
  }
  run.task()["max_new_tokens"] = 128;
  const TaskPair pair = pair_runs(run.journal(), reference.journal()).tasks.at(0);
  EXPECT_EQ(outcome_retention(pair)["why"], "the token budgets differ");
  EXPECT_TRUE(outcome_retention(pair)["correct"].is_null());
}

TEST(Retention, RunsThatShareNothingAreRefused) {
  RunMaker reference;
  RunMaker run("n");
  reference.add("a", "", {1});
  run.add("b", "", {1});
  const auto pair = [&] { pair_runs(run.journal(), reference.journal()); };
  EXPECT_THAT(error_of(pair), HasSubstr("t: no problem was finished in both runs"));
  run.add("a", "", {1})["stop"] = "error";
  EXPECT_THAT(error_of(pair), HasSubstr("no problem was finished in both runs"));
  run.task()["dataset_sha256"] = "other";
  EXPECT_THAT(error_of(pair), HasSubstr("t: the datasets differ"));
  run.task()["name"] = "u";
  EXPECT_THAT(error_of(pair), HasSubstr("share no task: the run has u, the reference t"));
}

TEST(Retention, AJournalOfWrongTypesIsReadWithoutHarm) {
  RunMaker good;
  good.add("a", "x = 5", {1, 2});
  const std::vector<json> values = {
      nullptr, "text", -1, 1e300, json::array({nullptr, "x", -5}), {{"a", {{"b", 1}}}}, true};
  for (const char* field :
       {"tokens", "text", "top2_margin", "prompt_sha256", "sample", "stop", "key", "problem"}) {
    for (const json& value : values) {
      RunMaker bad("n");
      bad.add("a", "x = 5", {1, 3})[field] = value;
      bad.grade("a", true, true);
      for (const auto& [run, reference] : {std::pair(&good, &bad), std::pair(&bad, &good)}) {
        try {
          const TaskPair pair = pair_runs(run->journal(), reference->journal()).tasks.at(0);
          EXPECT_TRUE(free_retention(pair).is_object());
          EXPECT_TRUE(content_retention(pair, {}, &bad.journal()).is_object());
          EXPECT_TRUE(outcome_retention(pair).is_object());
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::usage) << field << " " << value;
        }
      }
    }
  }
}

TEST(Retention, EveryTokenOfAStepIsKnown) {
  const std::string text = "One 1.\n\nTwo 2.\n\nThree 3.</think>4";
  const std::vector<std::size_t> ends = {6, 8, 14, 16, 24, 32, 33};
  using Steps = std::vector<std::optional<std::size_t>>;
  EXPECT_EQ(steps_of_tokens(text, true, ends), Steps({0, 0, 1, 1, 2, 2, std::nullopt}));
  EXPECT_EQ(steps_of_tokens("", true, std::vector<std::size_t>{0, 0}), Steps({0, 0}));
  EXPECT_EQ(steps_of_tokens("a", false, {}), Steps());
}

}  // namespace
}  // namespace assay
