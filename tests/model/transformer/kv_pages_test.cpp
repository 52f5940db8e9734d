#include "model/transformer/kv_pages.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace assay {
namespace {

using ::testing::ElementsAre;

void no_copy(std::int32_t, std::int32_t) {
  FAIL() << "no page should be copied";
}

TEST(KvPages, GrowTakesOnePageForEvery64Tokens) {
  KvPages pages(4);
  const SequenceId id = pages.open();
  pages.grow(id, 1);
  EXPECT_EQ(pages.pages(id).size(), 1U);
  pages.advance(id, 1);
  pages.grow(id, 63);
  EXPECT_EQ(pages.pages(id).size(), 1U);
  pages.advance(id, 63);
  pages.grow(id, 1);
  EXPECT_EQ(pages.pages(id).size(), 2U);
  EXPECT_EQ(pages.free_pages(), 2);
}

TEST(KvPages, CloseGivesPagesBack) {
  KvPages pages(2);
  const SequenceId id = pages.open();
  pages.grow(id, 128);
  EXPECT_EQ(pages.free_pages(), 0);
  pages.close(id);
  EXPECT_EQ(pages.free_pages(), 2);
}

TEST(KvPages, ForkSharesFullPagesAndCopiesTheLastOne) {
  KvPages pages(8);
  const SequenceId parent = pages.open();
  pages.grow(parent, 100);
  pages.advance(parent, 100);
  std::vector<std::pair<std::int32_t, std::int32_t>> copies;
  const SequenceId child = pages.fork(
      parent, [&](std::int32_t from, std::int32_t to) { copies.emplace_back(from, to); });
  EXPECT_EQ(pages.length(child), 100);
  EXPECT_EQ(pages.pages(child)[0], pages.pages(parent)[0]);
  EXPECT_NE(pages.pages(child)[1], pages.pages(parent)[1]);
  EXPECT_THAT(copies, ElementsAre(std::pair(pages.pages(parent)[1], pages.pages(child)[1])));
}

TEST(KvPages, ForkOfFullPagesCopiesNothing) {
  KvPages pages(4);
  const SequenceId parent = pages.open();
  pages.grow(parent, 64);
  pages.advance(parent, 64);
  const SequenceId child = pages.fork(parent, no_copy);
  EXPECT_EQ(pages.free_pages(), 3);
  pages.grow(child, 1);
  EXPECT_EQ(pages.pages(parent).size(), 1U);
}

TEST(KvPages, ASharedPageIsFreeOnlyWhenItsLastHolderCloses) {
  KvPages pages(4);
  const SequenceId parent = pages.open();
  pages.grow(parent, 64);
  pages.advance(parent, 64);
  const SequenceId child = pages.fork(parent, no_copy);
  pages.close(parent);
  EXPECT_EQ(pages.free_pages(), 3);
  pages.close(child);
  EXPECT_EQ(pages.free_pages(), 4);
}

TEST(KvPages, SuspendFreesWhatNobodySharesAndResumeTakesItBack) {
  KvPages pages(5);
  const SequenceId parent = pages.open();
  pages.grow(parent, 64);
  pages.advance(parent, 64);
  const SequenceId child = pages.fork(parent, no_copy);
  pages.grow(child, 100);
  pages.advance(child, 100);
  const std::vector<std::int32_t> before(pages.pages(child).begin(), pages.pages(child).end());
  std::vector<std::pair<std::int32_t, std::int32_t>> saved;
  const auto note = [&saved](std::int32_t page, std::int32_t i) { saved.emplace_back(page, i); };
  EXPECT_EQ(pages.suspend(child, note), 2);
  EXPECT_THAT(saved, ElementsAre(std::pair(before[1], 0), std::pair(before[2], 1)));
  EXPECT_EQ(pages.free_pages(), 4);
  EXPECT_EQ(pages.held_back(child), 2);

  const SequenceId other = pages.open();
  pages.grow(other, 1);
  saved.clear();
  pages.resume(child, note);
  ASSERT_EQ(saved.size(), 2U);
  EXPECT_EQ(pages.held_back(child), 0);
  EXPECT_EQ(pages.pages(child)[0], before[0]);
  EXPECT_EQ(pages.pages(child)[1], saved[0].first);
  EXPECT_EQ(pages.pages(child)[2], saved[1].first);
  EXPECT_EQ(pages.length(child), 164);
  EXPECT_EQ(pages.free_pages(), 1);

  pages.suspend(child, note);
  pages.close(child);
  pages.close(parent);
  EXPECT_EQ(pages.free_pages(), 4);
}

TEST(KvPages, NoPageLeftSaysWhatToDo) {
  KvPages pages(1);
  const SequenceId id = pages.open();
  try {
    pages.grow(id, 65);
    FAIL() << "65 tokens need two pages";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_THAT(error.line(), ::testing::HasSubstr("--context"));
  }
}

TEST(KvPages, ClosedSequencesAreABug) {
  KvPages pages(1);
  const SequenceId id = pages.open();
  pages.close(id);
  EXPECT_THROW(pages.length(id), Error);
  EXPECT_THROW(pages.close(id), Error);
}

}  // namespace
}  // namespace assay
