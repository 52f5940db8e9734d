// GGUF's tokenizer.ggml.* metadata -> TokenizerSpec.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "model/gguf/gguf_file.h"
#include "model/tokenizer_result.h"

namespace assay {

/// Fails on damaged metadata (sizes that differ, ids out of range, types that do not fit).
///
/// `eos_extra` holds tokenizer.ggml.eot_token_id and eom_token_id, and the control tokens whose
/// text is one of the usual ends of a turn: a GGUF names one eos where generation_config.json names
/// several, and llama.cpp fills the gap in the same way.
///
/// `nfc` is false: GGUF does not record a normaliser, and its reader of reference applies none.
Result<TokenizerResult> gguf_tokenizer(const GgufFile& gguf);

/// "qwen2": what tokenizer.ggml.pre calls it.
std::string_view gguf_pre_tokenizer_name(PreTokenizer pre);
/// The number in tokenizer.ggml.token_type.
std::int32_t gguf_token_type(TokenKind kind);

}  // namespace assay
