// `assay verify` as a person runs it, on a tiny model with quantised weights.
#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/journal.h"
#include "tests/support/process.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::ProcessResult;

class Verify : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::TinyModel tiny = testing::tiny_model(Arch::llama, TensorType::Q4_0);
    tiny.max_context = 4096;
    testing::tiny_gguf(tiny).write(path("model.gguf"));
    const ProcessResult run =
        assay({"run", "--model", path("model.gguf"), "--task", "mini-math:first=3",
               "--max-new-tokens", "70", "--out", path("run")});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }
  static ProcessResult assay(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ASSAY_BINARY);
    return testing::run_process(arguments, {});
  }
  ProcessResult verify(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"verify", "--run", path("run"), "--model",
                                          path("model.gguf")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return assay(arguments);
  }
  /// Rewrites the journal's samples; checksums stay right.
  void change_samples(const std::function<void(json&)>& change) const {
    const std::string file = path("run") + "/journal.jsonl";
    std::istringstream lines(testing::read_text(file));
    std::string out;
    for (std::string line; std::getline(lines, line);) {
      json record = value_or_throw(parse_journal_line(line));
      if (record.at("type") == "sample") change(record);
      out += journal_line(record);
    }
    testing::write_text(file, out);
  }

  testing::TempDir dir_;
};

TEST_F(Verify, AnotherBackendHasTheSameBitsAndTheScoresTransfer) {
  const ProcessResult result =
      verify({"--backend", "reference", "--transfer", path("proof.json"), "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json proof = json::parse(result.out);
  EXPECT_EQ(proof.at("bit_equal"), true);
  EXPECT_EQ(proof.at("transfers"), true);
  EXPECT_EQ(proof.at("kl_mean"), 0.0);
  EXPECT_TRUE(proof.at("first_divergence").is_null());
  EXPECT_EQ(proof.at("coverage").at("samples"), 3);
  for (const char* mode : {"decode", "batch", "prefill"}) {
    EXPECT_GT(proof.at("coverage").at("modes").at(mode), 0) << mode;
  }
  EXPECT_EQ(json::parse(testing::read_text(path("proof.json"))), proof);
  EXPECT_THAT(verify({"--limit", "1"}).out, HasSubstr("transfer to this device"));
}

TEST_F(Verify, AChangedHashIsFoundAtItsPosition) {
  bool first = true;
  change_samples([&first](json& sample) {
    if (!first) return;
    sample.at("logits_hash").at(1) = std::string(32, '0');
    first = false;
  });
  const ProcessResult result = verify({"--json"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  const json found = json::parse(result.out);
  EXPECT_EQ(found.at("bit_equal"), false);
  EXPECT_EQ(found.at("transfers"), false);
  EXPECT_EQ(found.at("first_divergence").at("position"), 1);
  EXPECT_EQ(found.at("why"), "the logits differ");
  EXPECT_THAT(verify({}).out, HasSubstr("do not transfer: the logits differ"));
}

TEST_F(Verify, WhatDoesNotBelongTogetherIsRefused) {
  testing::TinyModel other = testing::tiny_model(Arch::llama, TensorType::Q4_0);
  other.seed = 2;
  other.max_context = 4096;
  testing::tiny_gguf(other).write(path("other.gguf"));
  const ProcessResult model =
      assay({"verify", "--run", path("run"), "--model", path("other.gguf")});
  EXPECT_EQ(model.exit_code, 3);
  EXPECT_THAT(model.err, HasSubstr("give the run's own file with --model"));
  const ProcessResult unnamed = assay({"verify", "--run", path("run")});
  EXPECT_EQ(unnamed.exit_code, 2);
  EXPECT_THAT(unnamed.err, HasSubstr("give the run's file with --model"));
  const ProcessResult library = verify({"--backend", "cpu:gemm=openblas"});
  EXPECT_EQ(library.exit_code, 2);
  EXPECT_THAT(library.err, HasSubstr("cannot give --numerics exact"));
  const ProcessResult nothing = assay({"verify", "--run", path("nothing")});
  EXPECT_EQ(nothing.exit_code, 3);
  EXPECT_THAT(nothing.err, HasSubstr("cannot read"));
  change_samples([](json& sample) { sample.at("prompt_sha256") = "0"; });
  const ProcessResult prompt = verify({});
  EXPECT_EQ(prompt.exit_code, 3);
  EXPECT_THAT(prompt.err, HasSubstr("builds another prompt than the run had"));
}

}  // namespace
}  // namespace assay
