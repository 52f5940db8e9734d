#include "harness/journal_writer.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "core/journal.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json plan() {
  return {{"type", "plan"}, {"schema_version", kJournalVersion}};
}
json sample(int i) {
  return {{"type", "sample"}, {"key", std::to_string(i)}, {"index", i}};
}

class JournalWriterTest : public ::testing::Test {
 protected:
  std::string path() const { return (dir_.path() / "journal.jsonl").string(); }
  testing::TempDir dir_;
};

TEST_F(JournalWriterTest, WhatIsWrittenCanBeReadAtOnce) {
  JournalWriter writer = value_or_throw(JournalWriter::create(path()));
  writer.write(plan());
  writer.write(sample(1));
  const Journal journal = value_or_throw(read_journal(path()));
  EXPECT_EQ(journal.samples.size(), 1U);
  EXPECT_FALSE(journal.cut_last_line);
}

TEST_F(JournalWriterTest, AnExistingJournalIsNeverOverwritten) {
  value_or_throw(JournalWriter::create(path())).write(plan());
  const auto second = JournalWriter::create(path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::environment);
  EXPECT_THAT(second.error().line(), HasSubstr("--resume"));
}

TEST_F(JournalWriterTest, TwoWritersAreRefused) {
  JournalWriter first = value_or_throw(JournalWriter::create(path()));
  const auto second = JournalWriter::append(path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().line(), HasSubstr("another process"));
}

TEST_F(JournalWriterTest, ATornLineIsCutBeforeGoingOn) {
  const std::string whole = journal_line(plan()) + journal_line(sample(1));
  testing::write_text(path(), whole + journal_line(sample(2)).substr(0, 20));
  JournalWriter writer = value_or_throw(JournalWriter::append(path()));
  const Journal before = value_or_throw(read_journal(path()));
  EXPECT_TRUE(before.cut_last_line);
  writer.cut(before.sound_bytes);
  writer.write(sample(3));
  const Journal after = value_or_throw(read_journal(path()));
  ASSERT_EQ(after.samples.size(), 2U);
  EXPECT_EQ(after.samples[1].at("key"), "3");
}

TEST_F(JournalWriterTest, AFullDiskKeepsWhatWasWritten) {
  // A file size limit stands for the full disk: write(2) is cut short and then fails.
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  JournalWriter writer = value_or_throw(JournalWriter::create(path()));
  writer.write(plan());
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  struct stat size {};
  ASSERT_EQ(stat(path().c_str(), &size), 0);
  rlimit small = old;
  small.rlim_cur = static_cast<rlim_t>(size.st_size) + 10;
  setrlimit(RLIMIT_FSIZE, &small);
  try {
    writer.write(sample(1));
    ADD_FAILURE() << "the write should have failed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_THAT(error.line(), HasSubstr("cannot write"));
    EXPECT_THAT(error.line(), HasSubstr("--resume"));
  }
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  const Journal journal = value_or_throw(read_journal(path()));
  EXPECT_FALSE(journal.cut_last_line) << "the half line was taken back";
  EXPECT_TRUE(journal.samples.empty());
}

TEST_F(JournalWriterTest, AMissingFolderIsSaid) {
  const auto writer = JournalWriter::create("/nonexistent/journal.jsonl");
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().kind(), ErrorKind::environment);
  EXPECT_THAT(writer.error().line(), HasSubstr("cannot write /nonexistent/journal.jsonl"));
}

}  // namespace
}  // namespace assay
