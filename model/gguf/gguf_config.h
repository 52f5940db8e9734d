// GGUF metadata -> ModelConfig.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/model_config.h"
#include "model/gguf/gguf_file.h"

namespace assay {

/// Everything but `vocab`, `tied_embeddings` and `rope_freq_factors`, which the tensors decide.
/// Refuses by name: unknown architectures, partial rotary, RoPE scaling, experts, sliding windows,
/// layers of different shapes, parts of a split file.
Result<ModelConfig> gguf_config(const GgufFile& gguf);

/// "llama": what general.architecture calls it, and the prefix of its keys.
std::string_view gguf_arch_name(Arch arch);

/// 15 for "Q4_K_M"; nothing for a name that no file type has.
std::optional<std::uint32_t> gguf_file_type_number(std::string_view name);

/// "Q4_K_M" for general.file_type 15; empty if the key is absent or its number unknown.
std::string gguf_file_type_name(const GgufFile& gguf);

}  // namespace assay
