// GGUF metadata -> ModelConfig.
#pragma once

#include "core/error.h"
#include "core/model_config.h"
#include "model/gguf/gguf_file.h"

namespace assay {

/// Everything but `vocab`, `tied_embeddings` and `rope_freq_factors`, which the tensors decide.
/// Refuses by name: unknown architectures, partial rotary, RoPE scaling, experts, sliding windows,
/// layers of different shapes, parts of a split file.
Result<ModelConfig> gguf_config(const GgufFile& gguf);

/// "Q4_K_M" for general.file_type 15; empty if the key is absent or its number unknown.
std::string gguf_file_type_name(const GgufFile& gguf);

}  // namespace assay
