#include "serve/chat_text.h"

#include <gtest/gtest.h>

#include "serve/logprobs.h"

namespace assay::serve {
namespace {

ChatDelta whole(bool thinks, bool open, const std::string& text) {
  return ChatText(thinks, open).finish(text);
}

TEST(ChatText, TheChainEndsAtItsTag) {
  EXPECT_EQ(whole(true, true, "a\n</think>\n\nb").reasoning, "a\n");
  EXPECT_EQ(whole(true, true, "a\n</think>\n\nb").content, "\n\nb");
  EXPECT_EQ(whole(true, true, "never closed").reasoning, "never closed");
  EXPECT_EQ(whole(true, false, "<think>a</think>b").reasoning, "a");
  EXPECT_EQ(whole(true, false, "plain </think> b").content, "plain </think> b");
  EXPECT_EQ(whole(false, false, "<think>a</think>b").content, "<think>a</think>b");
  EXPECT_EQ(whole(true, true, "a</think>b</think>c").content, "b</think>c");
}

TEST(ChatText, AnEmptyPartIsToldFromNone) {
  struct Case {
    bool open;
    const char* text;
    bool begun;
    bool closed;
  };
  for (const Case& one : {Case{true, "", true, false}, Case{true, "a", true, false},
                          Case{true, "a</think>", true, true}, Case{true, "</think>", true, true},
                          Case{false, "<think>", true, false}, Case{false, "a", false, false},
                          Case{false, "<think></think>", true, true}}) {
    ChatText text(true, one.open);
    text.finish(one.text);
    EXPECT_EQ(text.begun(), one.begun) << one.text;
    EXPECT_EQ(text.closed(), one.closed) << one.text;
  }
}

TEST(ChatText, PiecesGiveTheSameAsTheWhole) {
  for (const std::string text :
       {"<think>x</think>y", "x</think>y", "<thin", "</thi", "<think>", "a<b", "</think>", ""}) {
    for (const bool open : {true, false}) {
      const ChatDelta expected = whole(true, open, text);
      for (std::size_t step = 1; step < 4; ++step) {
        ChatText parts(true, open);
        ChatDelta sum;
        for (std::size_t end = 0; end <= text.size(); end += step) {
          const ChatDelta one = parts.push(std::string_view(text).substr(0, end));
          sum.reasoning += one.reasoning;
          sum.content += one.content;
        }
        const ChatDelta last = parts.finish(text);
        EXPECT_EQ(sum.reasoning + last.reasoning, expected.reasoning) << text << step;
        EXPECT_EQ(sum.content + last.content, expected.content) << text << step;
      }
    }
  }
}

TEST(TextOffset, CountsCharacters) {
  TextOffset offset;
  EXPECT_EQ(offset.take("aé"), 0U);
  EXPECT_EQ(offset.take(""), 2U) << "a token without text";
  EXPECT_EQ(offset.take("\xe2\x82"), 2U);
  EXPECT_EQ(offset.take("\xac"), 2U) << "inside the character";
  EXPECT_EQ(offset.take("b"), 3U);
  EXPECT_EQ(offset.take("😀c"), 4U);
  EXPECT_EQ(offset.take("d"), 6U);
}

}  // namespace
}  // namespace assay::serve
