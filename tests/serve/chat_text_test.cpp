#include "serve/chat_text.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace assay::serve
