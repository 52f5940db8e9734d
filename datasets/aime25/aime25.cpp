// AIME 2025: the American Invitational Mathematics Examination I and II.
#include "core/plugins.h"
#include "datasets/common/math_records.h"

namespace assay {
namespace {

// The published files list each exam in the order of the paper.
constexpr datasets::AimeYear year{
    "aime25",
    "2025",
    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    "29571f26707276b91951aa7a79fa5cb2983273ea5988a514a0c124a326c5afbc"};

DatasetManifest manifest() {
  DatasetManifest manifest;
  manifest.name = "aime25";
  manifest.title = "AIME 2025, I and II";
  manifest.licence = "problems (c) Mathematical Association of America";
  manifest.source = "Mathematical Association of America; the same problems: opencompass/AIME2025";
  manifest.urls = {"https://raw.githubusercontent.com/QwenLM/QwQ/main/eval/data/aime25.jsonl"};
  manifest.sha256 = "9da60057135388687f3c594476b211538d0be8e7f3b2de6e680513281412c0ec";
  manifest.file_name = "aime25.jsonl";
  manifest.n_problems = 30;
  manifest.eval = "aime";
  return manifest;
}

}  // namespace

DatasetPlugin make_dataset_aime25() {
  return {manifest(),
          [](const std::string& path) { return datasets::read_aime(path, manifest(), year); }};
}

}  // namespace assay
