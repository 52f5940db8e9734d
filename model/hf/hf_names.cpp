#include "model/hf/hf_names.h"

#include <array>

namespace assay {
namespace {

struct NamePair {
  std::string_view hf;
  std::string_view gguf;
};

constexpr std::string_view kHfLayer = "model.layers.";
constexpr std::string_view kGgufLayer = "blk.";

constexpr std::array<NamePair, 3> kModelNames = {{
    {"model.embed_tokens.weight", "token_embd.weight"},
    {"model.norm.weight", "output_norm.weight"},
    {"lm_head.weight", "output.weight"},
}};

// After "model.layers.N." and "blk.N.".
constexpr std::array<NamePair, 14> kLayerNames = {{
    {"input_layernorm.weight", "attn_norm.weight"},
    {"self_attn.q_proj.weight", "attn_q.weight"},
    {"self_attn.q_proj.bias", "attn_q.bias"},
    {"self_attn.q_norm.weight", "attn_q_norm.weight"},
    {"self_attn.k_proj.weight", "attn_k.weight"},
    {"self_attn.k_proj.bias", "attn_k.bias"},
    {"self_attn.k_norm.weight", "attn_k_norm.weight"},
    {"self_attn.v_proj.weight", "attn_v.weight"},
    {"self_attn.v_proj.bias", "attn_v.bias"},
    {"self_attn.o_proj.weight", "attn_output.weight"},
    {"post_attention_layernorm.weight", "ffn_norm.weight"},
    {"mlp.gate_proj.weight", "ffn_gate.weight"},
    {"mlp.up_proj.weight", "ffn_up.weight"},
    {"mlp.down_proj.weight", "ffn_down.weight"},
}};

template <std::size_t N>
std::string_view find(const std::array<NamePair, N>& table, std::string_view name,
                      std::string_view NamePair::*from, std::string_view NamePair::*to) {
  for (const NamePair& pair : table) {
    if (pair.*from == name) return pair.*to;
  }
  return {};
}

std::string translate(std::string_view name, std::string_view NamePair::*from,
                      std::string_view NamePair::*to, std::string_view from_layer,
                      std::string_view to_layer) {
  if (const auto whole = find(kModelNames, name, from, to); !whole.empty()) {
    return std::string(whole);
  }
  if (!name.starts_with(from_layer)) return std::string(name);
  const std::string_view rest = name.substr(from_layer.size());
  const std::size_t dot = rest.find('.');
  const std::string_view layer = rest.substr(0, dot);
  const bool is_number = !layer.empty() && layer.find_first_not_of("0123456789") == layer.npos;
  if (dot == rest.npos || !is_number) return std::string(name);
  const auto part = find(kLayerNames, rest.substr(dot + 1), from, to);
  if (part.empty()) return std::string(name);
  return std::string(to_layer).append(layer).append(".").append(part);
}

}  // namespace

std::string gguf_tensor_name(std::string_view hf_name) {
  return translate(hf_name, &NamePair::hf, &NamePair::gguf, kHfLayer, kGgufLayer);
}

std::string hf_tensor_name(std::string_view gguf_name) {
  return translate(gguf_name, &NamePair::gguf, &NamePair::hf, kGgufLayer, kHfLayer);
}

}  // namespace assay
