#include "decode/stop_rules.h"

#include <gmock/gmock.h>

#include "tests/model/tiny_vocabulary.h"

namespace assay {
namespace {

class StopRulesTest : public ::testing::Test {
 protected:
  /// Pushes the tokens of the text until the rules stop; how and with which text.
  std::pair<std::optional<StopReason>, std::string> push_text(StopRules rules,
                                                              std::string_view text) {
    for (const TokenId id : tokenizer_.encode(text, true)) {
      if (const auto stop = rules.push(id)) return {stop, rules.take_text()};
    }
    return {std::nullopt, rules.take_text()};
  }
  ChainProfile thinking(bool opened) const {
    ChainProfile profile;
    profile.thinking = true;
    profile.opened_by_prompt = opened;
    profile.think_open = tokenizer_.find("<think>");
    profile.think_close = tokenizer_.find("</think>");
    return profile;
  }
  StopRules rules(const ChainProfile& profile, std::vector<std::string> stops,
                  std::int64_t budget = 1000) const {
    return {tokenizer_, profile, std::move(stops), budget};
  }

  Tokenizer tokenizer_ = value_or_throw(Tokenizer::create(testing::tiny_vocabulary()));
};

TEST_F(StopRulesTest, WhatMayBeginAStopStringIsNotSettled) {
  StopRules held = rules({}, {"hello!", "lo"});
  std::vector<std::string> settled;
  for (const char* piece : {"x", "h", "e", "l", "l", "x"}) {
    (void)held.push(tokenizer_.encode(piece, false).at(0));
    settled.emplace_back(held.settled_text());
  }
  EXPECT_EQ(settled, (std::vector<std::string>{"x", "x", "x", "x", "x", "xhellx"}));
  (void)held.push(tokenizer_.encode("l", false).at(0));
  EXPECT_EQ(held.push(tokenizer_.encode("o", false).at(0)), StopReason::stop_string);
  EXPECT_EQ(held.settled_text(), "xhellx");
}

TEST_F(StopRulesTest, TheEndTokenEndsAndIsNotText) {
  const auto [stop, text] = push_text(rules({}, {}), "hello</s>more");
  EXPECT_EQ(stop, StopReason::eos);
  EXPECT_EQ(text, "hello");
}

TEST_F(StopRulesTest, AStopStringIsFoundAcrossTokensAndCutOff) {
  const auto [stop, text] = push_text(rules({}, {"\ndef "}), "return 1\ndef f");
  EXPECT_EQ(stop, StopReason::stop_string);
  EXPECT_EQ(text, "return 1");
}

TEST_F(StopRulesTest, TheEarliestOfSeveralStopStringsCounts) {
  EXPECT_EQ(push_text(rules({}, {"lo w", "ell"}), "hello world").second, "h");
}

TEST_F(StopRulesTest, AnEmptyStopStringIsIgnored) {
  EXPECT_EQ(push_text(rules({}, {""}), "hello").first, std::nullopt);
}

TEST_F(StopRulesTest, StopStringsAreAsleepInsideTheThinkingPart) {
  const auto [stop, text] = push_text(rules(thinking(true), {"STOP"}), "a STOP b</think>c STOP d");
  EXPECT_EQ(stop, StopReason::stop_string);
  EXPECT_EQ(text, "a STOP b</think>c ");
}

TEST_F(StopRulesTest, AThinkingPartThatTheModelOpensCountsToo) {
  const auto [stop, text] =
      push_text(rules(thinking(false), {"STOP"}), "<think>STOP</think>x STOP");
  EXPECT_EQ(stop, StopReason::stop_string);
  EXPECT_EQ(text, "<think>STOP</think>x ");
}

TEST_F(StopRulesTest, AStopStringThatBeganInsideTheThinkingPartDoesNotCount) {
  const auto [stop, text] = push_text(rules(thinking(true), {">x"}), "a</think>x");
  EXPECT_EQ(stop, std::nullopt) << text;
}

TEST_F(StopRulesTest, APlainProfileIgnoresThinkTags) {
  EXPECT_EQ(push_text(rules({}, {"STOP"}), "<think>STOP").first, StopReason::stop_string);
}

TEST_F(StopRulesTest, TheBudgetCountsTokens) {
  StopRules three = rules({}, {}, 3);
  EXPECT_EQ(three.push('a'), std::nullopt);
  EXPECT_EQ(three.push('b'), std::nullopt);
  EXPECT_EQ(three.push('c'), StopReason::length);
  EXPECT_EQ(three.take_text(), "abc");
}

TEST_F(StopRulesTest, AnEndTokenWithinTheBudgetIsNotLength) {
  StopRules one = rules({}, {}, 1);
  EXPECT_EQ(one.push(tokenizer_.spec().eos), StopReason::eos);
}

TEST_F(StopRulesTest, IdsBeyondTheTokenizerCountAndShowNothing) {
  StopRules two = rules({}, {}, 2);
  EXPECT_EQ(two.push(tokenizer_.vocab_size() + 5), std::nullopt);
  EXPECT_EQ(two.push('a'), StopReason::length);
  EXPECT_EQ(two.take_text(), "a");
}

TEST_F(StopRulesTest, AnUnfinishedCharacterAtTheEndIsKeptAsItIs) {
  StopRules two = rules({}, {}, 2);
  two.push('a');
  two.push(0xC3);
  EXPECT_EQ(two.take_text(), "a\xC3");
}

}  // namespace
}  // namespace assay
