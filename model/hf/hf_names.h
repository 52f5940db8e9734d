// Tensor names of Hugging Face's Llama, Qwen2 and Qwen3 classes <-> GGUF's.
#pragma once

#include <string>
#include <string_view>

namespace assay {

/// "model.layers.3.self_attn.q_proj.weight" -> "blk.3.attn_q.weight". A name of no known tensor is
/// returned as it is.
std::string gguf_tensor_name(std::string_view hf_name);
/// The inverse.
std::string hf_tensor_name(std::string_view gguf_name);

}  // namespace assay
