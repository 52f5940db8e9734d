// Content retention on published completions of several models over the same problems: it must tell
// a chain that goes the same way from one that does not.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <vector>

#include "evals/chain/layout.h"
#include "harness/retention/retention.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using nlohmann::json;

struct Published {
  Journal journal;
  Questions questions;
};

/// SkyThought's records as a run of assay would hold them.
Published read_published(const std::filesystem::path& path) {
  Published out;
  bool thinks = false;
  std::istringstream lines(testing::read_gzip(path));
  for (std::string line; std::getline(lines, line);) {
    const json record = json::parse(line);
    const std::string problem = record.at("idx").dump();
    out.journal.samples.push_back(
        {{"task", "t"}, {"problem", problem}, {"text", record.at("code").at(0)}});
    out.questions[problem] = record.at("question").get<std::string>();
    const auto text = record.at("code").at(0).get<std::string>();
    thinks = thinks || chain::thinking_texts(std::vector<std::string_view>{text}).front();
  }
  const char* profile = thinks ? "thinking" : "plain";
  out.journal.plan = {{"tasks", {{{"name", "t"}, {"chain_profile", profile}}}}};
  return out;
}

/// Retention of one set of completions against another, printed as one line.
json content_between(const std::string& label, const std::filesystem::path& run,
                     const std::filesystem::path& reference) {
  const Published x = read_published(run);
  const Published r = read_published(reference);
  const PairedRuns pairs = pair_runs(x.journal, r.journal);
  const json content = content_retention(pairs.tasks.at(0), r.questions, nullptr);
  std::printf("%s: %d milestones of %d problems, found %.3f [%.3f, %.3f], chance %.3f\n",
              label.c_str(), content.at("milestones").get<int>(),
              content.at("found").at("n").get<int>(), content.at("found").at("value").get<double>(),
              content.at("found").at("ci95").at(0).get<double>(),
              content.at("found").at("ci95").at(1).get<double>(),
              content.at("chance").at("value").get<double>());
  return content;
}

TEST(RetentionData, MilestonesAreFoundFarAboveChance) {
  ASSAY_REQUIRE_TEST_DATA(sets, "data/generations/skythought");
  const auto sky = sets / "icml_models";
  const json math =
      content_between("MATH-500, Sky-T1 short against Qwen2.5-14B",
                      sky /
                          "Sky-T1-math-correct-5K-32B-short-ckpts/math500_eval/math500/"
                          "test_Sky-T1_-1_seed0_t0.0_s0_e-1.v0-655e5388.jsonl.gz",
                      sets /
                          "Qwen/Qwen2.5-14B-Instruct/math500_eval/math500/"
                          "test_qwen25-math-cot_-1_seed0_t0.0_s0_e-1.jsonl.gz");
  EXPECT_GT(math.at("found").at("ci95").at(0), 3 * math.at("chance").at("value").get<double>());
  const std::string file = "aime24_eval/aime24/test_Sky-T1_-1_seed0_t0.0_s0_e-1.jsonl.gz";
  const auto reference = sky / "Sky-T1-math-correct-5K-32B-ckpts/checkpoint-133" / file;
  const json near =
      content_between("AIME24, an earlier checkpoint against a later one",
                      sky / "Sky-T1-math-correct-5K-32B-ckpts/checkpoint-105" / file, reference);
  const json far = content_between(
      "AIME24, the same checkpoint of another training against it",
      sky / "Sky-T1-math-correct-5K-32B-short-ckpts/checkpoint-133" / file, reference);
  EXPECT_GT(near.at("found").at("ci95").at(0), far.at("found").at("value"));
  EXPECT_GT(far.at("found").at("value"), far.at("chance").at("value"));
}

}  // namespace
}  // namespace assay
