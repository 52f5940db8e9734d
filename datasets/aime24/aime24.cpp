// AIME 2024: the American Invitational Mathematics Examination I and II.
#include "core/plugins.h"
#include "datasets/common/math_records.h"

namespace assay {
namespace {

// The published files list each exam by the names of its pages: Problem_1, Problem_10, ...
constexpr datasets::AimeYear year{
    "aime24",
    "2024",
    {1, 10, 11, 12, 13, 14, 15, 2, 3, 4, 5, 6, 7, 8, 9},
    "72870b7f1d9f00c63dc40331995ba44037f335b81fd633cf9f5bed7a0158cb70"};

DatasetManifest manifest() {
  DatasetManifest manifest;
  manifest.name = "aime24";
  manifest.title = "AIME 2024, I and II";
  manifest.licence = "problems (c) Mathematical Association of America";
  manifest.source =
      "Mathematical Association of America; the same problems: HuggingFaceH4/aime_2024";
  manifest.urls = {
      "https://raw.githubusercontent.com/QwenLM/Qwen2.5-Math/main/evaluation/data/aime24/"
      "test.jsonl"};
  manifest.sha256 = "af2b8bd2aa911b6333ad0df32f3ca05c7ae8ed10f1731f4372c8ae26990bf7ac";
  manifest.file_name = "aime24.jsonl";
  manifest.n_problems = 30;
  manifest.eval = "aime";
  return manifest;
}

}  // namespace

DatasetPlugin make_dataset_aime24() {
  return {manifest(),
          [](const std::string& path) { return datasets::read_aime(path, manifest(), year); }};
}

}  // namespace assay
