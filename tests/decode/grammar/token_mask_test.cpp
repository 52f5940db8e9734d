#include "decode/grammar/token_mask.h"

#include <gtest/gtest.h>

#include "decode/grammar/json_schema.h"
#include "tests/model/tiny_vocabulary.h"

namespace assay::grammar {
namespace {

class TokenMask : public ::testing::Test {
 protected:
  TokenConstraint constraint(const std::vector<std::string>& texts) {
    Grammar grammar(table_.unwritable());
    std::vector<Sequence> ways;
    for (const std::string& text : texts) ways.push_back(grammar.text(text));
    const Sequence start = grammar.any_of(std::move(ways));
    return {table_, std::make_shared<Matcher>(value_or_throw(finished(std::move(grammar), start)))};
  }
  /// Tokens whose logit survives, found one by one.
  std::vector<TokenId> survivors(TokenConstraint& constraint) {
    std::vector<float> allowed;
    (void)constraint.mask(logits_, allowed);
    std::vector<TokenId> out;
    for (TokenId id = 0; id < std::ssize(allowed); ++id) {
      if (allowed[static_cast<std::size_t>(id)] == 1.0F) out.push_back(id);
    }
    return out;
  }

  Tokenizer tokenizer_ = value_or_throw(Tokenizer::create(testing::tiny_vocabulary()));
  std::size_t vocab_ = static_cast<std::size_t>(tokenizer_.vocab_size()) + 3;  // padded
  TokenTable table_{tokenizer_, vocab_};
  std::vector<float> logits_ = std::vector<float>(vocab_, 1.0F);
};

TEST_F(TokenMask, TheMaskIsWhatAllowsSaysTokenByToken) {
  TokenConstraint c = constraint({"hello world", "hell!", "he", "\xc3\xa9"});
  for (const char* step : {"", "hell"}) {
    for (const TokenId id : tokenizer_.encode(step, false)) c.accept(id);
    std::vector<TokenId> expected;
    for (TokenId id = 0; static_cast<std::size_t>(id) < vocab_; ++id) {
      if (c.allows(id)) expected.push_back(id);
    }
    EXPECT_EQ(survivors(c), expected);
    EXPECT_FALSE(expected.empty());
  }
}

TEST_F(TokenMask, AnEndTokenComesWhereTheTextMayEndAndNothingElseBehindIt) {
  TokenConstraint c = constraint({"he", "hello"});
  const TokenId eos = tokenizer_.spec().eos;
  EXPECT_FALSE(c.allows(eos));
  c.accept(tokenizer_.encode("he", false).at(0));
  EXPECT_TRUE(c.allows(eos));
  for (const TokenId id : tokenizer_.encode("llo", false)) c.accept(id);
  for (const TokenId id : survivors(c)) EXPECT_TRUE(tokenizer_.is_end(id)) << id;
  EXPECT_FALSE(survivors(c).empty());
}

TEST_F(TokenMask, ControlTokensArePartOfNoText) {
  TokenConstraint c = constraint({"<s>"});
  EXPECT_FALSE(c.allows(tokenizer_.find("<s>")));
  EXPECT_TRUE(c.allows(tokenizer_.encode("<", false).at(0)));
}

TEST_F(TokenMask, NothingIsAllowedBehindWhatIsNot) {
  TokenConstraint c = constraint({"he"});
  c.accept(tokenizer_.encode("x", false).at(0));
  std::vector<float> allowed;
  EXPECT_FALSE(c.mask(logits_, allowed));
  EXPECT_FALSE(c.allows(tokenizer_.spec().eos));
}

TEST_F(TokenMask, TooManyWaysAtOnceAreSaidBeforeTheFirstToken) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i <= Matcher::kMaxPlaces; ++i) texts.push_back(std::to_string(i) + "h");
  TokenConstraint many = constraint(texts);
  EXPECT_FALSE(many.warm());
  EXPECT_EQ(many.exhausted(), "the schema needs more than 8192 places in it at once");
  texts.resize(texts.size() / 2);
  TokenConstraint half = constraint(texts);
  EXPECT_TRUE(half.warm());
  EXPECT_EQ(half.exhausted(), "");
}

TEST_F(TokenMask, CompletionsOfOneMatcherDoNotDisturbEachOther) {
  Grammar grammar(table_.unwritable());
  const Sequence start =
      grammar.repeat(grammar.any_of({grammar.text("a"), grammar.text("bc")}), 0, 40'000);
  const auto matcher =
      std::make_shared<Matcher>(value_or_throw(finished(std::move(grammar), start)));
  TokenConstraint still(table_, matcher);
  TokenConstraint moving(table_, matcher);
  const TokenId a = tokenizer_.encode("a", false).at(0);
  const TokenId b = tokenizer_.encode("b", false).at(0);
  still.accept(b);
  const std::vector<TokenId> expected = survivors(still);
  for (int i = 0; i < 12'000; ++i) moving.accept(a);
  EXPECT_GT(matcher->generation(), 0);
  EXPECT_EQ(survivors(still), expected);
  EXPECT_TRUE(moving.allows(a));
  EXPECT_TRUE(moving.allows(b));
}

}  // namespace
}  // namespace assay::grammar
