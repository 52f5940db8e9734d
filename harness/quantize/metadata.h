// The metadata of a quantised file.
#pragma once

#include <string>

#include "model/gguf/gguf_writer.h"
#include "model/model_file.h"

namespace assay {

/// A GGUF source: its own, with another file type. A Hugging Face directory: its configuration,
/// tokenizer and chat template by GGUF's keys; without a tokenizer that assay knows, none.
/// Throws Error when the source cannot be read again.
GgufMetadataWriter quantized_metadata(const ModelFile& model, const std::string& file_type);

}  // namespace assay
