#include "core/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace assay {
namespace {

TEST(Utf8, EveryScalarValueSurvives) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    const Utf8Step step = utf8_step(text);
    ASSERT_EQ(step.status, Utf8Status::character) << static_cast<std::uint32_t>(c);
    ASSERT_EQ(step.bytes, text.size()) << static_cast<std::uint32_t>(c);
    ASSERT_TRUE(step.code_point == c) << static_cast<std::uint32_t>(c);
    for (std::size_t n = 1; n < text.size(); ++n) {
      const Utf8Step cut = utf8_step(std::string_view(text).substr(0, n));
      ASSERT_EQ(cut.status, Utf8Status::truncated) << static_cast<std::uint32_t>(c);
      ASSERT_EQ(cut.bytes, n) << static_cast<std::uint32_t>(c);
    }
  }
}

TEST(Utf8, RefusesWhatIsNotWellFormed) {
  for (const std::string text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC3(", "\xE0\x80\x80", "\xE0\x9F\xBF",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
        "\xE2\x82(", "\xF0\x9F\xA6("}) {
    const Utf8Step step = utf8_step(text);
    EXPECT_EQ(step.status, Utf8Status::invalid) << text;
    EXPECT_EQ(step.bytes, 1U) << text;
  }
}

TEST(Utf8, ValidPrefixEndsBeforeTheFirstBadByte) {
  EXPECT_EQ(utf8_valid_prefix(""), 0U);
  EXPECT_EQ(utf8_valid_prefix("0123456789"), 10U);
  EXPECT_EQ(utf8_valid_prefix("0123456789\xC3\xA9 and on\xFFx"), 19U);
  EXPECT_EQ(utf8_valid_prefix("01234567\xE2\x82"), 8U);
  EXPECT_EQ(utf8_valid_prefix("\x80 0123456789"), 0U);
}

}  // namespace
}  // namespace assay
