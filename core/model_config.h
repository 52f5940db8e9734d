// What a decoder-only transformer of the supported families is: read from GGUF metadata or
// config.json (model/), used by the forward pass (model/transformer) and the memory plan.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/types.h"

namespace assay {

enum class Arch { llama, qwen2, qwen3 };

/// Which two elements of a head a rotation turns.
enum class RopeStyle {
  half,        ///< (i, i + d/2): Hugging Face files, and Qwen in GGUF
  interleaved  ///< (2i, 2i + 1): Llama in GGUF, whose converter permutes Q and K rows
};

/// llama3 scaling of RoPE frequencies (Llama 3.1 model card); factor == 0 means none.
struct RopeScaling {
  double factor = 0;
  double low_freq_factor = 1;
  double high_freq_factor = 4;
  std::int64_t original_context = 8192;
};

struct ModelConfig {
  Arch arch = Arch::llama;
  std::string arch_name;  ///< as the file says it: "qwen2", "Qwen2ForCausalLM"
  std::int64_t n_layers = 0;
  std::int64_t hidden = 0;
  std::int64_t n_heads = 0;
  std::int64_t n_kv_heads = 0;  ///< divides n_heads (GQA)
  std::int64_t head_dim = 0;    ///< even; n_heads * head_dim may differ from hidden
  std::int64_t ffn = 0;
  std::int64_t vocab = 0;
  std::int64_t max_context = 0;
  float rms_eps = 1e-5F;
  double rope_theta = 10000;
  RopeScaling rope_scaling;
  RopeStyle rope_style = RopeStyle::half;
  /// Factors dividing each of the head_dim/2 frequencies, when the file stores them
  /// (GGUF's rope_freqs.weight); empty otherwise. Excludes rope_scaling.
  std::vector<float> rope_freq_factors;
  bool qkv_bias = false;  ///< Qwen2
  bool qk_norm = false;   ///< Qwen3: RMSNorm on every head of q and k before RoPE
  bool tied_embeddings = false;
};

}  // namespace assay
