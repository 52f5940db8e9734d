// The weight files of a Hugging Face directory.
#pragma once

#include <string>

#include "core/error.h"
#include "model/hf/hf_config.h"
#include "model/model_file.h"

namespace assay {

/// Maps the weight files of `model.path` and fills `tensors`, `mappings`, `file_bytes`,
/// `parameters`, `weight_type` and `config.tied_embeddings`; `model.config` is set already.
Result<void> load_hf_weights(const HfConfig& config, ModelFile& model);

}  // namespace assay
