// Pieces of each pre-tokenizer; the expected ones are those of PyPI's tokenizers 0.23.3 with the
// same expressions.
#include "model/tokenizer/pretokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assay {
namespace {

using ::testing::ElementsAre;

constexpr PreTokenizer kAll[] = {PreTokenizer::gpt2, PreTokenizer::llama_bpe, PreTokenizer::qwen2,
                                 PreTokenizer::deepseek_r1_qwen, PreTokenizer::smollm};

std::vector<std::string> pieces(PreTokenizer kind, std::string_view text) {
  std::vector<std::string> out;
  PieceSplitter(kind).split(text, [&](std::string_view piece) { out.emplace_back(piece); });
  return out;
}

TEST(PieceSplitter, Gpt2) {
  EXPECT_THAT(pieces(PreTokenizer::gpt2, "I'll pay  1234 DON'T\n\n x!?"),
              ElementsAre("I", "'ll", " pay", " ", " 1234", " DON", "'", "T", "\n\n", " x", "!?"));
}

TEST(PieceSplitter, LlamaTakesDigitsInThrees) {
  EXPECT_THAT(pieces(PreTokenizer::llama_bpe, "pay 12345 DON'T!\n\n x  "),
              ElementsAre("pay", " ", "123", "45", " DON", "'T", "!\n\n", " x", "  "));
}

TEST(PieceSplitter, Qwen2AndR1DistillTakeDigitsOneByOne) {
  for (const PreTokenizer kind : {PreTokenizer::qwen2, PreTokenizer::deepseek_r1_qwen}) {
    EXPECT_THAT(
        pieces(kind, "x=12 DON'T (yes) \r\n \xC2\xBD"),
        ElementsAre("x", "=", "1", "2", " DON", "'T", " (", "yes", ")", " \r\n", " ", "\xC2\xBD"));
  }
}

TEST(PieceSplitter, SmollmCutsDigitsBeforeGpt2) {
  // The end of a stretch without digits is an end of text for the second expression.
  EXPECT_THAT(pieces(PreTokenizer::smollm, "a  12 b'll \xE2\x85\xA7"),
              ElementsAre("a", "  ", "1", "2", " b", "'ll", " ", "\xE2\x85\xA7"));
}

TEST(PieceSplitter, MongolianVowelSeparatorIsNoSpace) {
  // U+180E: \s of PCRE2, not of Unicode's White_Space. U+0085 is both.
  EXPECT_THAT(pieces(PreTokenizer::gpt2, "a!\xE1\xA0\x8E!\xC2\x85"),
              ElementsAre("a", "!\xE1\xA0\x8E!", "\xC2\x85"));
}

TEST(PieceSplitter, PiecesTileTheText) {
  for (const PreTokenizer kind : kAll) {
    for (const std::string& text : {std::string(), std::string("\0\x01 \0", 4),
                                    std::string("\xF0\x9F\xA6\x99 \xCC\x81\xCC\x81"),
                                    std::string("\xEF\xBF\xBF\xF4\x8F\xBF\xBF")}) {
      std::string joined;
      for (const std::string& piece : pieces(kind, text)) {
        EXPECT_FALSE(piece.empty());
        joined += piece;
      }
      EXPECT_EQ(joined, text);
    }
  }
}

TEST(PieceSplitter, LongRunsStayWithinTheLimits) {
  // Twelve million characters are more steps than PCRE2's default match limit allows.
  constexpr std::size_t kLength = 12'000'000;
  for (const PreTokenizer kind : kAll) {
    for (const char c : {' ', '\n', 'a', '!'}) {
      const std::string run(kLength, c);
      std::size_t bytes = 0;
      PieceSplitter(kind).split(run + "b", [&](std::string_view piece) { bytes += piece.size(); });
      EXPECT_EQ(bytes, kLength + 1);
    }
  }
}

}  // namespace
}  // namespace assay
