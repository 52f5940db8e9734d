// mini-math, mini-code, mini-aime: 20 problems each from one step upwards, so that a model of 135M
// parameters solves some and a strong one not all by luck. Tests compute every answer anew.
#include <string_view>

#include "core/plugins.h"
#include "datasets/common/code_records.h"
#include "datasets/common/math_records.h"

namespace assay {
namespace embedded {
extern const std::string_view mini_math_jsonl;
extern const std::string_view mini_code_jsonl;
extern const std::string_view mini_aime_jsonl;
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

}  // namespace assay
