// C1 to C5, loops and the outcome partition.
#include "evals/chain/chain.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "evals/chain/loops.h"
#include "evals/chain/outcome.h"
#include "evals/chain/thresholds.h"

namespace assay::chain {
namespace {

using Ids = std::vector<TokenId>;

constexpr TokenId open_id = 9001;
constexpr TokenId close_id = 9002;
constexpr TokenId eos_id = 9003;

/// `n` tokens that do not repeat.
Ids fresh(std::size_t n, TokenId from = 0) {
  Ids ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = from + static_cast<TokenId>(i);
  return ids;
}

Ids operator+(Ids a, const Ids& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Ids repeated(const Ids& block, std::size_t times) {
  Ids out;
  for (std::size_t i = 0; i < times; ++i) out = std::move(out) + block;
  return out;
}

/// The same by brute force: is the suffix of some length periodic with a period of at most 512?
bool has_periodic_suffix(const Ids& ids) {
  for (std::size_t period = 1; period <= loop_period_max_tokens; ++period) {
    std::size_t length = period;
    while (length < ids.size() &&
           ids[ids.size() - 1 - length] == ids[ids.size() - 1 - length + period]) {
      ++length;
    }
    if (length <= ids.size() && length >= loop_suffix_min_tokens &&
        length >= loop_repeats_min * period) {
      return true;
    }
  }
  return false;
}

TEST(Loops, APeriodicSuffixIsFoundAtItsThresholds) {
  const Ids start = fresh(500);
  const auto loop = find_loop(start + repeated(fresh(32, 1000), 4));  // 4 x 32 = 128
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->kind, LoopKind::periodic_suffix);
  EXPECT_EQ(loop->period, 32U);
  EXPECT_EQ(loop->count, 4U);
  EXPECT_EQ(loop->where.begin, 500U);
  EXPECT_EQ(loop->where.end, 628U);
  EXPECT_TRUE(find_loop(fresh(5000) + repeated(fresh(512, 9000), 4)));
  EXPECT_FALSE(find_loop(fresh(20'000) + repeated(fresh(513, 90'000), 3)));
  EXPECT_FALSE(find_loop(fresh(20'000)));
  EXPECT_FALSE(find_loop({}));
  EXPECT_FALSE(find_loop(start + repeated({7}, 32)));
  EXPECT_TRUE(find_loop(start + repeated({7}, 128)));
}

TEST(Loops, ARepeatedNgramIsFoundThoughItsPeriodVaries) {
  // The real thing: the same 40 tokens again and again, with a counter in between.
  Ids ids = fresh(400);
  for (TokenId i = 0; i < 6; ++i) ids = ids + fresh(40, 5000) + Ids{100'000 + i};
  ids = ids + fresh(400, 20'000);
  const auto loop = find_loop(ids);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->kind, LoopKind::repeated_ngram);
  EXPECT_EQ(loop->count, 6U);
  EXPECT_EQ(loop->allowed, 3U);
  EXPECT_GE(loop->where.begin, 400U);
  EXPECT_LE(loop->where.end, 400U + 6 * 41);
}

TEST(Loops, TheAllowanceGrowsWithLengthWithinBounds) {
  EXPECT_EQ(ngram_allowed(10), 3U);
  EXPECT_EQ(ngram_allowed(1000), 3U);
  EXPECT_EQ(ngram_allowed(2000), 6U);
  EXPECT_EQ(ngram_allowed(32'768), 20U);
  Ids ids;
  for (TokenId i = 0; i < 3; ++i) ids = ids + fresh(30, 5000) + fresh(100, 10'000 + 200 * i);
  EXPECT_FALSE(find_loop(ids));
  EXPECT_TRUE(find_loop(ids + fresh(30, 5000) + fresh(100, 20'000)));
}

TEST(Loops, AStaleTailIsFound) {
  // Each n-gram of the tail occurs 10 times, which 8,000 tokens allow; the tail says little new.
  Ids ids = fresh(6000);
  for (TokenId i = 0; i < 10; ++i) ids = ids + fresh(190, 50'000) + fresh(10, 70'000 + 20 * i);
  const auto loop = find_loop(ids);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->kind, LoopKind::stale_tail);
  EXPECT_LT(loop->distinct_ratio, tail_distinct_ratio_min);
  EXPECT_EQ(loop->where.begin, 6000U);
}

TEST(Loops, AgreeWithBruteForceOnRandomTokens) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const auto letters = static_cast<TokenId>(1 + random() % 3);
    Ids ids(1 + random() % 60);
    for (TokenId& id : ids) id = static_cast<TokenId>(random()) % letters;
    ids = fresh(random() % 100, 50) + repeated(ids, 1 + random() % 8);
    const auto loop = find_loop(ids);
    EXPECT_EQ(loop && loop->kind == LoopKind::periodic_suffix, has_periodic_suffix(ids));
  }
}

/// A complete chain in the thinking profile, to be broken.
struct Sample {
  std::string text = "I add. </think>\nSo \\boxed{12}.";
  Ids prompt = {1, 2, open_id};
  Ids tokens = fresh(50, 100) + Ids{close_id} + fresh(10, 300) + Ids{eos_id};
  Ids eos = {eos_id};
  ChainInput input() const {
    ChainInput out;
    out.thinking = true;
    out.text = text;
    out.tokens = tokens;
    out.prompt_tokens = prompt;
    out.eos_ids = eos;
    out.think_open = open_id;
    out.think_close = close_id;
    out.stop = StopReason::eos;
    out.answer_parses = true;
    out.answer = ByteSpan{26, 28};
    return out;
  }
};

/// "C1" ... "C5" of the broken ones.
std::string broken(const ChainInput& input) {
  const ChainAnalysis analysis = analyse(input);
  std::string out;
  const auto add = [&](const char* name, const Component& component) {
    if (component.ok == false) out += std::string(out.empty() ? "" : " ") + name;
    EXPECT_EQ(component.ok == true, component.why.empty()) << component.why;
  };
  add("C1", analysis.c1_think_closed);
  add("C2", analysis.c2_not_truncated);
  add("C3", analysis.c3_no_loop);
  add("C4", analysis.c4_answer_segment);
  add("C5", analysis.c5_answer_extractable);
  EXPECT_EQ(analysis.complete, out.empty());
  return out;
}

TEST(Chain, EachDamageBreaksItsOwnComponent) {
  const Sample good;
  EXPECT_EQ(broken(good.input()), "");

  Sample unopened = good;
  unopened.prompt = {1, 2};
  EXPECT_EQ(broken(unopened.input()), "C1");
  Sample reopened = good;
  reopened.tokens.insert(reopened.tokens.begin(), open_id);
  EXPECT_EQ(broken(reopened.input()), "C1");
  Sample closed_twice = good;
  closed_twice.tokens.insert(closed_twice.tokens.begin() + 5, close_id);
  EXPECT_EQ(broken(closed_twice.input()), "C1");

  ChainInput cut = good.input();
  cut.stop = StopReason::length;
  EXPECT_EQ(broken(cut), "C2");

  Sample looping = good;
  looping.tokens = fresh(50, 100) + Ids{close_id} + repeated({5, 6}, 80) + Ids{eos_id};
  EXPECT_EQ(broken(looping.input()), "C3");

  Sample silent = good;
  silent.text = "I add. </think> \n";
  EXPECT_EQ(broken(silent.input()), "C4");

  ChainInput unanswered = good.input();
  unanswered.answer_parses = false;
  EXPECT_EQ(broken(unanswered), "C5");
}

TEST(Chain, EvidencePointsIntoTheText) {
  const Sample sample;
  ChainInput input = sample.input();
  const ChainAnalysis analysis = analyse(input);
  EXPECT_EQ(sample.text.substr(analysis.c1_think_closed.evidence->begin, 8), "</think>");
  EXPECT_EQ(analysis.c4_answer_segment.evidence->begin, 15U);
  EXPECT_EQ(analysis.c4_answer_segment.evidence->end, sample.text.size());
  EXPECT_EQ(sample.text.substr(analysis.c5_answer_extractable.evidence->begin, 2), "12");

  Ids tokens = fresh(10) + repeated({5, 6}, 64);
  std::vector<std::size_t> ends(tokens.size());
  for (std::size_t i = 0; i < ends.size(); ++i) ends[i] = 3 * (i + 1);
  input.tokens = tokens;
  input.token_ends = ends;
  const ChainAnalysis loop = analyse(input);
  ASSERT_TRUE(loop.c3_no_loop.evidence);
  EXPECT_EQ(loop.c3_no_loop.evidence->begin, 30U);
  EXPECT_EQ(loop.c3_no_loop.evidence->end, 3 * tokens.size());
}

TEST(Chain, PlainProfileHasNoC1) {
  ChainInput input;
  input.text = "The answer is 12.";
  const Ids tokens = fresh(6);
  input.tokens = tokens;
  input.stop = StopReason::eos;
  input.answer_parses = true;
  const ChainAnalysis analysis = analyse(input);
  EXPECT_EQ(analysis.c1_think_closed.ok, std::nullopt);
  EXPECT_EQ(analysis.c4_answer_segment.evidence->begin, 0U);
  EXPECT_EQ(analysis.complete, true);
}

TEST(Chain, WhatIsNotRecordedIsInferredFromTheText) {
  ChainInput input;
  input.thinking = true;
  input.text = "<think>a</think>The answer is 12.";
  input.answer_parses = true;
  const ChainAnalysis analysis = analyse(input);
  EXPECT_EQ(analysis.c1_think_closed.ok, true);
  EXPECT_EQ(analysis.c2_not_truncated.ok, true);
  EXPECT_TRUE(analysis.c2_not_truncated.inferred);
  EXPECT_EQ(analysis.c3_no_loop.ok, true);
  EXPECT_TRUE(analysis.c3_no_loop.inferred);
  EXPECT_EQ(analysis.complete, true);
  input.text = "<think>a</think>The answer is twel";
  EXPECT_EQ(analyse(input).c2_not_truncated.ok, false);
  input.text = "<think>a";
  EXPECT_EQ(analyse(input).complete, false);  // broken parts are known
  input.text = "a</think>b</think>c";
  EXPECT_EQ(analyse(input).c1_think_closed.ok, false);
}

TEST(Chain, WhatEndsATextOfWhichNoStopIsRecorded) {
  const auto ends = [](std::string_view text) {
    ChainInput input;
    input.text = text;
    return analyse(input).c2_not_truncated.ok;
  };
  for (const char* text :
       {"So we get \\boxed{12} square cm", "It is \\boxed{12} apples",
        "It is \\boxed{12} \xF0\x9F\x98\x8A", "Done \xE2\x9C\x85", "It is 12."}) {
    EXPECT_EQ(ends(text), true) << text;
  }
  for (const char* text : {"So we get \\boxed{12},", "So we get \\boxed{12} and", "It is 12,",
                           "We know \\boxed{12} apples. Then he buys"}) {
    EXPECT_EQ(ends(text), false) << text;
  }
  for (const char* text : {"", " \n"}) {
    ChainInput input;
    input.text = text;
    const ChainAnalysis analysis = analyse(input);
    EXPECT_EQ(analysis.c2_not_truncated.ok, std::nullopt);
    EXPECT_EQ(outcome_of(Grade(), analysis, true), Outcome::no_answer);
  }
}

TEST(Outcome, EverySampleFallsInExactlyOneClass) {
  constexpr std::array<Grade::Status, 3> statuses = {Grade::Status::graded, Grade::Status::skipped,
                                                     Grade::Status::infrastructure_failure};
  constexpr std::array<Verdict, 3> verdicts = {Verdict::equal, Verdict::not_equal,
                                               Verdict::undecided};
  const std::array<std::optional<bool>, 3> states = {std::nullopt, false, true};
  std::map<Outcome, int> counts;
  int samples = 0;
  for (const auto status : statuses) {
    for (const auto verdict : verdicts) {
      for (const auto& loop : states) {
        for (const auto& end : states) {
          for (const auto& complete : states) {
            for (int bits = 0; bits < 4; ++bits) {
              Grade grade;
              grade.status = status;
              grade.verdict = verdict;
              grade.answer_found = (bits & 1) != 0;
              ChainAnalysis analysis;
              analysis.c3_no_loop.ok = loop;
              analysis.c2_not_truncated.ok = end;
              analysis.complete = complete;
              const Outcome outcome = outcome_of(grade, analysis, (bits & 2) != 0);
              ++counts[outcome];
              ++samples;
              EXPECT_EQ(outcome == Outcome::looped,
                        (bits & 2) != 0 && status == Grade::Status::graded && loop == false);
            }
          }
        }
      }
    }
  }
  int sum = 0;
  for (const Outcome outcome : all_outcomes) {
    EXPECT_GT(counts[outcome], 0) << outcome_name(outcome);
    sum += counts[outcome];
  }
  EXPECT_EQ(sum, samples);
  EXPECT_EQ(counts.size(), all_outcomes.size());
}

TEST(Outcome, TheFirstThatHoldsWins) {
  Grade grade;
  grade.verdict = Verdict::equal;
  grade.answer_found = true;
  ChainAnalysis analysis;
  analysis.complete = true;
  EXPECT_EQ(outcome_of(grade, analysis, true), Outcome::correct_complete);
  analysis.c2_not_truncated.ok = false;
  EXPECT_EQ(outcome_of(grade, analysis, true), Outcome::truncated);
  analysis.c3_no_loop.ok = false;
  EXPECT_EQ(outcome_of(grade, analysis, true), Outcome::looped);
  EXPECT_EQ(outcome_of(grade, analysis, false), Outcome::infrastructure_failure);
}

}  // namespace
}  // namespace assay::chain
