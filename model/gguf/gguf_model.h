// A GGUF file -> ModelFile.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/error.h"
#include "model/model_file.h"

namespace assay {

/// `bytes` are the whole file, and must outlive the result; `mappings` stays empty.
Result<ModelFile> gguf_model(std::span<const std::byte> bytes, const std::string& path);

}  // namespace assay
