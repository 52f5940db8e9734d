#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "model/model_file.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using ::testing::HasSubstr;

TEST(MappedFile, GivesTheBytesOfTheFile) {
  const testing::TempDir dir;
  testing::write_text(dir.path() / "a", std::string("x\0y", 3));
  const auto mapped = MappedFile::open((dir.path() / "a").string());
  ASSERT_TRUE(mapped) << mapped.error().line();
  ASSERT_EQ((*mapped)->bytes().size(), 3U);
  EXPECT_EQ((*mapped)->bytes()[0], std::byte{'x'});
  EXPECT_EQ((*mapped)->bytes()[1], std::byte{0});
  EXPECT_EQ((*mapped)->path(), (dir.path() / "a").string());
}

TEST(MappedFile, OpensAnEmptyFile) {
  const testing::TempDir dir;
  testing::write_text(dir.path() / "empty", "");
  const auto mapped = MappedFile::open((dir.path() / "empty").string());
  ASSERT_TRUE(mapped) << mapped.error().line();
  EXPECT_TRUE((*mapped)->bytes().empty());
}

TEST(MappedFile, SaysWhyItCannotOpen) {
  const testing::TempDir dir;
  const auto absent = MappedFile::open((dir.path() / "none").string());
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind(), ErrorKind::environment);
  EXPECT_THAT(absent.error().line(), HasSubstr("No such file"));

  const auto folder = MappedFile::open(dir.path().string());
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().line(), HasSubstr("not a regular file"));

  const std::string pipe = (dir.path() / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto fifo = MappedFile::open(pipe);
  ASSERT_FALSE(fifo);
  EXPECT_THAT(fifo.error().line(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace assay
