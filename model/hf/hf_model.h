// A Hugging Face directory -> ModelFile.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "model/model_file.h"

namespace assay {

/// Needs config.json and model.safetensors or model.safetensors.index.json with its shards;
/// tokenizer.json, tokenizer_config.json, chat_template.jinja and generation_config.json may be
/// absent. PyTorch's pickled weights are refused by name.
Result<ModelFile> load_hf_directory(const std::string& path);

/// The files beside the weights that decide what the model computes or says, as far as `path` has
/// them; sorted, without their folder.
std::vector<std::string> hf_config_files(const std::string& path);

}  // namespace assay
