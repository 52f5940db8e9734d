// What the program writes, and where; what it refuses before it works.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/e2e/cli.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CliFiles : public Cli {};

TEST_F(CliFiles, DryRunFetchesNothing) {
  const ProcessResult tasks =
      assay(words("run --dry-run --task mini-math:first=1,humaneval:first=3 "
                  "--model " +
                  model()));
  ASSERT_EQ(tasks.exit_code, 0) << tasks.err;
  EXPECT_THAT(tasks.out, HasSubstr("to be fetched first: not in the cache: assay fetch dataset "
                                   "humaneval"));
  EXPECT_THAT(tasks.out, HasSubstr("in all   4 completions"));
  expect_error(assay(words("run --dry-run --task mini-math --model smollm2-135m")), 3,
               "98.4 MB would be fetched; `assay fetch model smollm2-135m`");
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "cache"));
}

TEST_F(CliFiles, WhatTheModelRecommendsIsDoneOrRefused) {
  testing::TinyModel tiny = testing::tiny_model(Arch::llama, TensorType::F32);
  tiny.max_context = 4096;
  testing::write_tiny_hf(dir_.path(), tiny);
  const std::string run =
      "run --sampling model --task mini-math:first=1 --max-new-tokens 2 "
      "--model " +
      dir_.path().string() + " --out ";
  const auto recommend = [this](const std::string& text) {
    testing::write_text(out("generation_config.json"), text);
  };
  recommend(R"({"do_sample": true, "temperature": 1e-9})");
  EXPECT_EQ(assay(words(run + out("cold"))).exit_code, 0);
  EXPECT_EQ(report("cold").at("decoding").at("temperature"), 0);
  recommend(R"({"do_sample": true, "temperature": 0.6, "top_p": 0})");
  EXPECT_EQ(assay(words(run + out("best"))).exit_code, 0);
  recommend(R"({"do_sample": true, "temperature": 0.6, "repetition_penalty": 1.1})");
  expect_error(assay(words(run + out("no"))), 2, "recommends repetition_penalty 1.1, which assay");
  recommend(R"({"do_sample": true, "temperature": 0.6, "min_p": 2})");
  expect_error(assay(words(run + out("no"))), 3, "min_p is 2, expected 0 to 1");
}

TEST_F(CliFiles, WhatDoesNotFitIsRefusedBeforeItIsHashed) {
  testing::TinyModel tiny = testing::tiny_model(Arch::llama, TensorType::F32);
  tiny.n_layers = 16;
  tiny.n_kv_heads = tiny.n_heads;
  tiny.head_dim = 256;
  tiny.max_context = 1 << 20;
  testing::write_tiny_hf(dir_.path(), tiny);
  std::filesystem::create_directory(out("model.safetensors.index.json"));  // only a hash opens it
  const std::string run = "run --task mini-math --model " + dir_.path().string();
  expect_error(assay(words(run + " --batch 20 --context 1048576")), 3, "it does not fit: weights ");
  expect_error(assay(words(run)), 3, "not a regular file");
}

TEST_F(CliFiles, OutputsStayWhatTheyAre) {
  const auto logits = [this, m = model()](const std::string& path) {
    return assay({"logits", "--model", m, "--tokens", "1", "--out", path});
  };
  ASSERT_EQ(logits(out("plain")).exit_code, 0);
  const std::string expected = testing::read_text(out("plain"));
  expect_error(logits("/dev/full"), 3, "cannot write /dev/full: No space left on device");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
  testing::write_text(out("target"), "older");
  std::filesystem::permissions(out("target"), std::filesystem::perms::owner_all);
  for (const char* target : {"target", "absent"}) {
    std::filesystem::create_symlink(target, out("to-") + target);
    ASSERT_EQ(logits(out("to-") + target).exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(out("to-") + target));
    EXPECT_EQ(testing::read_text(out(target)), expected);
  }
  EXPECT_EQ(std::filesystem::status(out("target")).permissions(),
            std::filesystem::perms::owner_all);
  ASSERT_EQ(::mkfifo(out("pipe").c_str(), 0600), 0);
  std::fstream reader(out("pipe"), std::ios::in | std::ios::out | std::ios::binary);
  ASSERT_EQ(logits(out("pipe")).exit_code, 0);
  std::string read(expected.size(), ' ');
  reader.read(read.data(), std::ssize(read));
  EXPECT_EQ(read, expected);
  EXPECT_TRUE(std::filesystem::is_fifo(out("pipe")));
  testing::write_text(out("plain.tmp"), "mine");
  std::filesystem::create_directory(out("folder"));
  ASSERT_EQ(logits(out("plain")).exit_code, 0);
  expect_error(logits(out("folder")), 3, "Is a directory");
  EXPECT_EQ(testing::read_text(out("plain.tmp")), "mine");
  std::size_t left = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
    left += entry.path().filename().string().starts_with("plain") ? 1 : 0;
    EXPECT_FALSE(entry.path().filename().string().starts_with("folder.")) << entry.path();
  }
  EXPECT_EQ(left, 2U) << "no temporary file stays";
}

TEST_F(CliFiles, UnwritableOutputsAreSaidBeforeTheWork) {
  for (const char* command :
       {"logits --model absent --tokens 1 --out ", "verify --run absent --transfer ",
        "chain absent --sheet ", "chain absent --clean ", "compare absent -o ",
        "gate --baseline absent --candidate absent --junit ",
        "gate --baseline absent --candidate absent --markdown ", "audit --claims absent -o "}) {
    expect_error(assay(words(command + out("no/such"))), 3, "cannot write " + out("no/such"));
    EXPECT_NE(assay(words(command + out("fine"))).exit_code, 0) << command;
    EXPECT_FALSE(std::filesystem::exists(out("fine"))) << command;
  }
}

TEST_F(CliFiles, ModelsThatCannotBePromptedAreRefusedWithARemedyThatIsOne) {
  testing::GgufWriter gguf = testing::tiny_gguf(testing::tiny_model(Arch::llama, TensorType::F32));
  gguf.set_string("tokenizer.chat_template", "{{ bos_token }}{{ bos_token }}x");
  gguf.write(out("twice.gguf"));
  ProcessOptions patience;
  patience.kill_after_ms = 20000;
  expect_error(assay({"serve", "--model", out("twice.gguf"), "--port", "0"}, patience), 3,
               "two BOS tokens");
  gguf.set_string("tokenizer.ggml.pre", "unheard-of");
  gguf.write(out("unknown.gguf"));
  const ProcessResult run = assay({"run", "--model", out("unknown.gguf"), "--task", "mini-math"});
  expect_error(run, 3, "pre-tokenizer 'unheard-of'");
  EXPECT_THAT(run.err, Not(HasSubstr("use its GGUF file")));
}

TEST_F(CliFiles, AJournalThatIsBeingWrittenIsSaidBeforeTheWork) {
  std::filesystem::create_directory(out("run"));
  testing::write_text(out("run") + "/journal.jsonl", "");
  const int fd = ::open((out("run") + "/journal.jsonl").c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  expect_error(assay({"retain", "--run", out("run"), "--reference", "absent"}), 3,
               "is being written by another process");
  ::close(fd);
}

}  // namespace
}  // namespace assay
