// Which problem a completion belongs to, and what is left out.
#include "harness/score/problem_match.h"

#include <fmt/core.h>
#include <gmock/gmock.h>

namespace assay::score {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Problem> three_problems() {
  std::vector<Problem> problems(3);
  for (int i = 0; i < 3; ++i) {
    problems[static_cast<std::size_t>(i)].id = fmt::format("set/p{}", i);
    problems[static_cast<std::size_t>(i)].question = fmt::format("What  is\n{}?", i);
  }
  return problems;
}

ForeignSample sample(const std::string& id, const std::string& text = "x") {
  ForeignSample out;
  out.id = id;
  out.text = text;
  static int line = 0;
  out.where = fmt::format("f.jsonl:{}", ++line);
  return out;
}

SamplesFile file_of(std::vector<ForeignSample> samples) {
  SamplesFile file;
  file.summary.name = "f.jsonl";
  file.samples = std::move(samples);
  return file;
}

Matched matched(const SamplesFile& file) {
  Result<Matched> out = match_to_dataset(file, "set", three_problems());
  EXPECT_TRUE(out) << out.error().line();
  return out ? std::move(*out) : Matched();
}

TEST(Match, ByIdTailAndText) {
  ForeignSample by_text = sample("elsewhere/9");
  by_text.question = " What is 2? ";
  const Matched out = matched(file_of({sample("set/p0"), sample("test/p1.json"), by_text}));
  ASSERT_EQ(out.problems.size(), 3U);
  EXPECT_THAT(out.problems[1].samples, ElementsAre(1));
  EXPECT_THAT(out.problems[2].samples, ElementsAre(2));
  EXPECT_EQ(out.missing.count, 0);
}

TEST(Match, ByPlaceOnlyWhereTheFileHasNoTexts) {
  ForeignSample second = sample("1");
  second.place = 1;
  EXPECT_EQ(matched(file_of({second})).problems[0].problem.id, "set/p1");
  second.question = "Something else?";
  const auto none = match_to_dataset(file_of({second}), "set", three_problems());
  ASSERT_FALSE(none) << "the text says that it is another problem";
  EXPECT_THAT(none.error().line(), HasSubstr("none of its 1 samples belongs to a problem of set"));
  EXPECT_THAT(none.error().line(), HasSubstr("look like 'set/p0'"));
  second.question.clear();
  for (const std::int64_t place : {std::int64_t{-1}, std::int64_t{3}, INT64_MAX, INT64_MIN}) {
    second.place = place;
    EXPECT_FALSE(match_to_dataset(file_of({second}), "set", three_problems())) << place;
  }
}

TEST(Match, PlacesBeginAtOneWhereTheNumbersSaySo) {
  const auto numbered = [](std::vector<std::int64_t> places) {
    std::vector<ForeignSample> samples;
    for (const std::int64_t place : places) {
      samples.push_back(sample(std::to_string(place)));
      samples.back().place = place;
    }
    return file_of(std::move(samples));
  };
  const Matched one = matched(numbered({1, 2, 3}));
  EXPECT_THAT(one.problems[0].samples, ElementsAre(0));
  EXPECT_EQ(one.unknown_ids.count, 0);
  EXPECT_THAT(one.notes, ElementsAre(HasSubstr("places from 1 on: 3 occurs")));
  const Matched zero = matched(numbered({0, 1, 2}));
  EXPECT_THAT(zero.problems[2].samples, ElementsAre(2));
  EXPECT_TRUE(zero.notes.empty());
  const Matched part = matched(numbered({1, 2}));
  EXPECT_EQ(part.problems[0].problem.id, "set/p1");
  EXPECT_THAT(part.notes, ElementsAre(HasSubstr("places from 0 on")));
}

std::vector<Problem> many_problems(int n) {
  std::vector<Problem> problems(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    problems[static_cast<std::size_t>(i)].id = fmt::format("set/p{}", i);
    problems[static_cast<std::size_t>(i)].question =
        fmt::format("A train with {} wagons leaves the station at noon. How long is it?", i);
  }
  return problems;
}

TEST(Match, NumbersInIdsArePlacesWhereNoIdIsKnown) {
  std::vector<ForeignSample> samples;
  for (int i = 1; i <= 6; ++i) {
    samples.push_back(sample(fmt::format("request-{}", i)));
    samples.back().number = i;
  }
  const auto out = match_to_dataset(file_of(samples), "set", many_problems(9));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->problems[0].problem.id, "set/p0");
  EXPECT_THAT(out->notes, ElementsAre(HasSubstr("they begin with 1 and have no gap")));
  for (ForeignSample& one : samples) one.id = fmt::format("other/{}", *one.number);
  EXPECT_FALSE(match_to_dataset(file_of(samples), "set", many_problems(9))) << "another task's";
  for (ForeignSample& one : samples) one.id = fmt::format("request-{}", *one.number);
  EXPECT_FALSE(match_to_dataset(file_of(samples), "set", many_problems(5))) << "too many";
  samples[0].id = "set/p4";
  const auto by_id = match_to_dataset(file_of(samples), "set", many_problems(9));
  ASSERT_TRUE(by_id);
  EXPECT_EQ(by_id->unknown_ids.count, 5);
  EXPECT_TRUE(by_id->notes.empty());
}

TEST(Match, APromptMayHoldTheProblemsText) {
  ForeignSample prompted = sample("chatcmpl-1");
  prompted.question =
      "Q: A train with 2 wagons leaves the station at noon. How long is it?\nA: 40 m\n\nQ: A train "
      "with 5 wagons leaves the station at noon. How long is it?\nPlease reason step by step.";
  const auto out = match_to_dataset(file_of({prompted}), "set", many_problems(9));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->problems[0].problem.id, "set/p5") << "the last one is the one asked";
}

TEST(Match, AFileWithoutIdsIsInTheDatasetsOrder) {
  const Matched out = matched(file_of({sample(""), sample(""), sample("")}));
  EXPECT_THAT(out.problems[2].samples, ElementsAre(2));
  EXPECT_THAT(out.notes, ElementsAre(HasSubstr("dataset's order")));
  EXPECT_FALSE(match_to_dataset(file_of({sample(""), sample("")}), "set", three_problems()));
}

TEST(Match, UnknownAndMissingAreCountedByName) {
  const Matched out = matched(file_of({sample("set/p1"), sample("set/p7"), sample("")}));
  EXPECT_EQ(out.unknown_ids.count, 2);
  EXPECT_THAT(out.unknown_ids.examples, ElementsAre("set/p7", HasSubstr("f.jsonl:")));
  EXPECT_EQ(out.missing.count, 2);
  EXPECT_THAT(out.missing.examples, ElementsAre("set/p0", "set/p2"));
  EXPECT_EQ(out.n_problems, 3);
}

TEST(Match, ARepeatIsADuplicateAndAnotherTextASample) {
  const Matched other = matched(
      file_of({sample("set/p0", "a"), sample("set/p1"), sample("set/p2"), sample("set/p0", "b")}));
  EXPECT_EQ(other.duplicates.count, 0);
  EXPECT_THAT(other.problems[0].samples, ElementsAre(0, 3));
  const Matched again = matched(
      file_of({sample("set/p0", "a"), sample("set/p1"), sample("set/p2"), sample("set/p0", "a")}));
  EXPECT_EQ(again.duplicates.count, 1);
  EXPECT_THAT(again.problems[0].samples, ElementsAre(0)) << "the first one counts";
}

TEST(Match, AListInOneRecordHoldsSamples) {
  std::vector<ForeignSample> samples = {sample("set/p0", "a"), sample("set/p0", "a"),
                                        sample("set/p1"), sample("set/p2")};
  samples[1].where = samples[0].where;
  EXPECT_EQ(matched(file_of(samples)).duplicates.count, 0);
}

TEST(Match, SamplesOfOneProblemMayBeAlike) {
  std::vector<ForeignSample> samples;
  for (const char* id : {"set/p0", "set/p1", "set/p2"}) {
    samples.push_back(sample(id, "same"));
    samples.push_back(sample(id, "same"));
  }
  EXPECT_EQ(matched(file_of(samples)).duplicates.count, 0);
  samples.push_back(sample("set/p0", "same"));
  const Matched copy = matched(file_of(samples));
  EXPECT_EQ(copy.duplicates.count, 1) << "a copy beyond the two that the others have";
  EXPECT_EQ(copy.problems[0].samples.size(), 2U);
  samples[0].text = "one", samples[1].text = "another";
  EXPECT_EQ(matched(file_of(samples)).duplicates.count, 0) << "one more sample, not a copy";
}

TEST(Match, ASampleNumberCountsOnce) {
  std::vector<ForeignSample> samples = {sample("set/p0", "a"), sample("set/p0", "b"),
                                        sample("set/p0", "c")};
  samples[0].sample = 0, samples[1].sample = 1, samples[2].sample = 1;
  EXPECT_EQ(matched(file_of(samples)).duplicates.count, 0) << "another text";
  samples[2].text = "b";
  const Matched out = matched(file_of(samples));
  EXPECT_EQ(out.duplicates.count, 1);
  EXPECT_THAT(out.problems[0].samples, ElementsAre(0, 1));
}

TEST(Match, WithoutADatasetTheFileIsTheTask) {
  std::vector<ForeignSample> samples = {sample("7"), sample("7"), sample("8"), sample("9"),
                                        sample("")};
  for (ForeignSample& s : samples) s.gold = "1";
  samples[3].gold.reset();
  samples[4].question = "q";
  const auto out = match_to_itself(file_of(samples), "set", {10, true, {}});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->problems.size(), 3U);
  EXPECT_EQ(out->without_gold, 1);
  EXPECT_EQ(out->missing.count, 7);
  EXPECT_THAT(out->missing.examples, IsEmpty());
  EXPECT_EQ(out->duplicates.count, 1);
  EXPECT_EQ(match_to_itself(file_of(samples), "set", {})->n_problems, 0);
  const auto whole = match_to_itself(file_of(samples), "set", {10, false, {}});
  EXPECT_EQ(whole->n_problems, 0) << "ids of its own: the file is the whole";
  EXPECT_EQ(whole->missing.count, 0);
  const auto more = match_to_itself(file_of(samples), "set", {2, false, {}});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind(), ErrorKind::usage);
  EXPECT_THAT(more.error().line(), HasSubstr("f.jsonl has 3 problems, set has only 2"));
  for (ForeignSample& s : samples) s.gold.reset();
  EXPECT_THAT(match_to_itself(file_of(samples), "set", {}).error().line(),
              HasSubstr("--answer-field"));
}

TEST(Match, AGoldAnswerThatGradesNothingIsNoGold) {
  std::vector<ForeignSample> samples = {sample("1"), sample("2"), sample("3")};
  samples[0].gold = "7", samples[1].gold = "1000", samples[2].gold = "25.5";
  const OwnGolds golds = {0, false, [](const std::string& gold) { return gold == "7"; }};
  const auto out = match_to_itself(file_of(samples), "set", golds);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->problems.size(), 1U);
  EXPECT_EQ(out->without_gold, 2);
  EXPECT_THAT(out->unusable_gold.examples, ElementsAre(HasSubstr("'1000' at"), HasSubstr("25.5")));
  EXPECT_THAT(out->notes, ElementsAre(HasSubstr("2 samples left out")));
  samples[2].gold = "";
  EXPECT_EQ(match_to_itself(file_of(samples), "set", golds)->absent_gold.count, 1);
  EXPECT_EQ(match_to_itself(file_of(samples), "set", {})->problems.size(), 3U) << "as published";
  samples[2].gold = "25.5";
  samples.erase(samples.begin());
  const auto none = match_to_itself(file_of(samples), "set", golds);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().line(), HasSubstr("none of its gold answers can be used by set"));
}

TEST(Match, IdsOrTextsTellWhetherAFileIsOfADataset) {
  EXPECT_TRUE(are_of_dataset(file_of({sample("set/p0"), sample("p1")}), three_problems()));
  EXPECT_FALSE(are_of_dataset(file_of({sample("0"), sample("1")}), three_problems()));
  EXPECT_FALSE(are_of_dataset(file_of({sample("set/p0"), sample("x")}), three_problems()));
}

}  // namespace
}  // namespace assay::score
