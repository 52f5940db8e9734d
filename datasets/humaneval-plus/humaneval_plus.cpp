// HumanEval+: HumanEval's functions with inputs instead of assertions (Liu et al. 2023, arXiv
// 2305.01210). A solution is right when its outputs are the reference's.
#include "core/plugins.h"
#include "datasets/common/code_records.h"

namespace assay {
namespace {

// The file in evalplus' repository at this commit: base inputs and contracts, without the extra
// inputs of later releases. The reader takes those, too: `assay score --dataset FILE`.
DatasetManifest manifest() {
  DatasetManifest manifest;
  manifest.name = "humaneval-plus";
  manifest.title = "HumanEval+ (base inputs)";
  manifest.licence = "Apache-2.0";
  manifest.source = "evalplus/evalplus";
  manifest.urls = {
      "https://raw.githubusercontent.com/evalplus/evalplus/"
      "01d71570ee52c1f3d1dba1f96020d1b55cfbdbc4/HumanEvalPlus.jsonl"};
  manifest.sha256 = "582c3e035999d72b6631e9dbcf063fc792d0b2482770a227515f94098105cb3a";
  manifest.file_name = "HumanEvalPlus.jsonl";
  manifest.n_problems = 164;
  manifest.eval = "humaneval";
  return manifest;
}

}  // namespace

DatasetPlugin make_dataset_humaneval_plus() {
  return {manifest(), [](const std::string& path) {
            return datasets::read_record_file(path, manifest(), datasets::read_plus_problem);
          }};
}

}  // namespace assay
