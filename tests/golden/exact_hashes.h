// exact/1 held still: the first half of the hash of the logits (numerics::hash_completion) of 100
// positions of each golden checkpoint, quantised to each type, KV as runs have it (fp16, and fp32
// for F32), fed the ids of quantised_golden_test. A change of one is a new version of exact.
#pragma once

#include <string>
#include <string_view>

namespace assay::golden {

struct ExactHash {
  const char* model;
  const char* type;
  const char* hash;
};

inline constexpr ExactHash kExactHashes[] = {
    {"qwen2_untied_bf16", "Q8_0", "b236ad7466df425de63fd9d6c311763a"},
    {"qwen2_untied_bf16", "Q6_K", "aaa1e5e0fbff27aad6b090841ee3e4de"},
    {"qwen2_untied_bf16", "Q5_K_S", "48f05f2b5b2b0ad7ba561724a4f9de5b"},
    {"qwen2_untied_bf16", "Q5_1", "d386bbfec7c5dfffbdfa3942b8c3dfde"},
    {"qwen2_untied_bf16", "Q5_0", "a36f3a7072d2e2952d8348e2f1a435a7"},
    {"qwen2_untied_bf16", "Q4_K_M", "3e62c17ab765250be21570844275e40f"},
    {"qwen2_untied_bf16", "Q4_1", "6dc78baa6ab09e5772f875f4d26db2c5"},
    {"qwen2_untied_bf16", "Q4_0", "1c92bf51c153aeaf535134c3b4038732"},
    {"qwen2_untied_bf16", "Q3_K_S", "45b46a75f952c5e1484b41329cda2e1d"},
    {"qwen2_untied_bf16", "Q2_K", "87fd295105aa348441a3b0bd89a9049d"},
    {"qwen2_untied_bf16", "F16", "7b9dfe43a343e47f1f44c11cbd82316e"},
    {"qwen2_untied_bf16", "BF16", "9a897d129b9bd5ac88ddd5c12bf94d19"},
    {"qwen2_untied_bf16", "F32", "fd6083b7c2d351c58f4917b535fa1c25"},
    {"llama_llama3rope_f32", "Q8_0", "dd47a8099499292a32d54c9004310f9c"},
    {"llama_llama3rope_f32", "Q6_K", "dd47a8099499292a32d54c9004310f9c"},
    {"llama_llama3rope_f32", "Q5_K_S", "843e44a9411312ba1af95854a83fa314"},
    {"llama_llama3rope_f32", "Q5_1", "843e44a9411312ba1af95854a83fa314"},
    {"llama_llama3rope_f32", "Q5_0", "c88856f840bc136d01242811bb3ef483"},
    {"llama_llama3rope_f32", "Q4_K_M", "fb3bacacfb44cde1657b4cce85a278d8"},
    {"llama_llama3rope_f32", "Q4_1", "d5d34ba4c3c3a31970f6f73d1eced56d"},
    {"llama_llama3rope_f32", "Q4_0", "9aa2313eb0b20b4513e0ef9f4f88add9"},
    {"llama_llama3rope_f32", "Q3_K_S", "9aa2313eb0b20b4513e0ef9f4f88add9"},
    {"llama_llama3rope_f32", "Q2_K", "3c69aff4ac3e887ec1dc727a76856636"},
    {"llama_llama3rope_f32", "F16", "354f3e794bda9035db19f7cb2c486635"},
    {"llama_llama3rope_f32", "BF16", "6c1dcfa0846ce7062b46a02b84d1957c"},
    {"llama_llama3rope_f32", "F32", "989a5d3740a8045c24834c846104fe39"},
};

/// Empty for a pair that has none.
inline std::string exact_hash(std::string_view model, std::string_view type) {
  for (const ExactHash& one : kExactHashes) {
    if (one.model == model && one.type == type) return one.hash;
  }
  return {};
}

}  // namespace assay::golden
