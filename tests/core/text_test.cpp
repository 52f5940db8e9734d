#include "core/text.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

constexpr const char* kBad = "\xEF\xBF\xBD";

TEST(Sizes, AreDecimalWithThreeDigits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.00 kB");
  EXPECT_EQ(format_bytes(93'400'000), "93.4 MB");
  EXPECT_EQ(format_bytes(310'200'000), "310 MB");
  EXPECT_EQ(format_bytes(999'600'000), "1.00 GB");
}

TEST(Durations, ReadLikeAPersonSaysThem) {
  EXPECT_EQ(format_duration(0.84), "0.8 s");
  EXPECT_EQ(format_duration(42.4), "42 s");
  EXPECT_EQ(format_duration(200), "3 min 20 s");
  EXPECT_EQ(format_duration(7500), "2 h 5 min");
}

TEST(Terminal, EscapeSequencesLoseTheirControlCharacters) {
  EXPECT_EQ(sanitize_for_terminal("\x1b[31mred\x1b[0m"),
            std::string(kBad) + "[31mred" + kBad + "[0m");
  EXPECT_EQ(sanitize_for_terminal("\x1b]0;title\x07"), std::string(kBad) + "]0;title" + kBad);
  EXPECT_EQ(sanitize_for_terminal("a\rb\x08\x7f"), std::string("a") + kBad + "b" + kBad + kBad);
  EXPECT_EQ(sanitize_for_terminal("\xC2\x9B"), kBad);  // CSI in eight bits
  EXPECT_EQ(sanitize_for_terminal("a\n\tb"), "a\n\tb");
}

TEST(Terminal, TextThatReordersOrHidesIsShown) {
  for (const char* code :
       {"\u202E", "\u2066", "\u200F", "\u061C", "\u2028", "\uFEFF", "\U000E0041"}) {
    EXPECT_EQ(sanitize_for_terminal(code), kBad);
  }
  EXPECT_EQ(sanitize_for_terminal("\u05E9\u05DC\u05D5\u05DD \u2603"),
            "\u05E9\u05DC\u05D5\u05DD \u2603");
}

TEST(Terminal, BrokenUtf8BecomesValid) {
  for (const char* broken : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x98"}) {
    const std::string out = sanitize_for_terminal(broken);
    EXPECT_TRUE(is_valid_utf8(out));
    EXPECT_FALSE(is_valid_utf8(broken));
    EXPECT_EQ(out.substr(0, 3), kBad);
  }
}

TEST(CutText, CutsBetweenCharacters) {
  EXPECT_EQ(cut_text("abc", 3), "abc");
  EXPECT_EQ(cut_text("abcd", 3), "abc\u2026");
  EXPECT_EQ(cut_text("a\u2603", 3), "a\u2026");
  EXPECT_EQ(cut_text("\x80\x80\x80\x80", 2), "\u2026");
}

TEST(HomePaths, BecomeATilde) {
  EXPECT_EQ(redact_home_paths("cannot read /home/ada/models/x.gguf"),
            "cannot read ~/models/x.gguf");
  EXPECT_EQ(redact_home_paths("'/Users/ada' and /root/x"), "'~' and ~/x");
  EXPECT_EQ(redact_home_paths("C:\\Users\\ada\\x"), "~\\x");
  EXPECT_EQ(redact_home_paths("/root"), "~");
  EXPECT_EQ(redact_home_paths("/mnt/root/x /rooted /home/ x/y"), "/mnt/root/x /rooted /home/ x/y");
}

}  // namespace
}  // namespace assay
