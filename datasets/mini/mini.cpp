// mini-math, mini-code, mini-aime: 20 problems each from one step upwards, so that a model of 135M
// parameters solves some and a strong one not all by luck. mini-chain, mini-chain-held-out:
// problems of 2 to 8 steps in the wording that the teacher and student of distill/ know. Tests
// compute every answer anew.
#include <string_view>

#include "core/plugins.h"
#include "datasets/common/code_records.h"
#include "datasets/common/math_records.h"

namespace assay {
namespace embedded {
extern const std::string_view mini_math_jsonl;
extern const std::string_view mini_code_jsonl;
extern const std::string_view mini_aime_jsonl;
extern const std::string_view mini_chain_jsonl;
extern const std::string_view mini_chain_held_out_jsonl;
}  // namespace embedded

namespace {

DatasetManifest manifest_of(const char* name, const char* title, const char* eval,
                            std::int64_t plain_max_new_tokens) {
  DatasetManifest manifest;
  manifest.name = name;
  manifest.title = title;
  manifest.licence = "MIT";
  manifest.source = "written for assay";
  manifest.file_name = manifest.name + ".jsonl";
  manifest.n_problems = 20;
  manifest.eval = eval;
  manifest.embedded = true;
  manifest.plain_max_new_tokens = plain_max_new_tokens;
  return manifest;
}

DatasetManifest math_manifest() {
  return manifest_of("mini-math", "20 arithmetic and counting problems", "math", 160);
}

DatasetManifest code_manifest() {
  return manifest_of("mini-code", "20 Python functions", "humaneval", 256);
}

DatasetManifest aime_manifest() {
  return manifest_of("mini-aime", "20 problems with answers from 0 to 999", "aime", 160);
}

/// The longest reference chain has 159 tokens in the vocabulary of distill/models.
constexpr std::int64_t kChainMaxNewTokens = 320;

DatasetManifest chain_manifest_of(const char* name, const char* title, std::int64_t n_problems) {
  DatasetManifest manifest = manifest_of(name, title, "math", kChainMaxNewTokens);
  manifest.source = "written for assay by distill/make_corpus.py";
  manifest.n_problems = n_problems;
  manifest.thinking_max_new_tokens = kChainMaxNewTokens;
  return manifest;
}

DatasetManifest chain_manifest() {
  return chain_manifest_of("mini-chain", "100 word problems of 2 to 8 steps", 100);
}

DatasetManifest chain_held_out_manifest() {
  return chain_manifest_of("mini-chain-held-out", "1,000 more of them, for measuring", 1000);
}

}  // namespace

DatasetPlugin make_dataset_mini_math() {
  return {math_manifest(), [](const std::string& /*path*/) {
            return datasets::read_embedded(embedded::mini_math_jsonl, math_manifest(),
                                           datasets::read_mini_problem);
          }};
}

DatasetPlugin make_dataset_mini_code() {
  return {code_manifest(), [](const std::string& /*path*/) {
            return datasets::read_embedded(embedded::mini_code_jsonl, code_manifest(),
                                           datasets::read_code_problem);
          }};
}

DatasetPlugin make_dataset_mini_aime() {
  return {aime_manifest(), [](const std::string& /*path*/) {
            return datasets::read_embedded(embedded::mini_aime_jsonl, aime_manifest(),
                                           datasets::read_mini_problem);
          }};
}

DatasetPlugin make_dataset_mini_chain() {
  return {chain_manifest(), [](const std::string& /*path*/) {
            return datasets::read_embedded(embedded::mini_chain_jsonl, chain_manifest(),
                                           datasets::read_mini_problem);
          }};
}

DatasetPlugin make_dataset_mini_chain_held_out() {
  return {chain_held_out_manifest(), [](const std::string& /*path*/) {
            return datasets::read_embedded(embedded::mini_chain_held_out_jsonl,
                                           chain_held_out_manifest(), datasets::read_mini_problem);
          }};
}

}  // namespace assay
