#include "model/weights_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/text.h"
#include "model/file_errors.h"

namespace assay {
namespace {

std::vector<ExpectedTensor> layer_tensors(const ModelConfig& c, std::int64_t layer) {
  const std::int64_t q = c.n_heads * c.head_dim;
  const std::int64_t kv = c.n_kv_heads * c.head_dim;
  const auto named = [layer](std::string_view part) {
    return fmt::format("blk.{}.{}", layer, part);
  };
  std::vector<ExpectedTensor> out = {
      {named("attn_norm.weight"), 1, c.hidden},    {named("attn_q.weight"), q, c.hidden},
      {named("attn_k.weight"), kv, c.hidden},      {named("attn_v.weight"), kv, c.hidden},
      {named("attn_output.weight"), c.hidden, q},  {named("ffn_norm.weight"), 1, c.hidden},
      {named("ffn_gate.weight"), c.ffn, c.hidden}, {named("ffn_up.weight"), c.ffn, c.hidden},
      {named("ffn_down.weight"), c.hidden, c.ffn},
  };
  if (c.qkv_bias) {
    out.push_back({named("attn_q.bias"), 1, q});
    out.push_back({named("attn_k.bias"), 1, kv});
    out.push_back({named("attn_v.bias"), 1, kv});
  }
  if (c.qk_norm) {
    out.push_back({named("attn_q_norm.weight"), 1, c.head_dim});
    out.push_back({named("attn_k_norm.weight"), 1, c.head_dim});
  }
  return out;
}

Result<void> check_one(const ExpectedTensor& expected, const WeightView& view,
                       std::string_view file, const std::string& name) {
  if (view.rows != expected.rows || view.cols != expected.cols) {
    return damaged(file, fmt::format("tensor {} is {} x {}, the configuration needs {} x {}", name,
                                     view.rows, view.cols, expected.rows, expected.cols));
  }
  if (expected.rows == 1 && !is_float_type(view.type)) {
    return unsupported(
        file, fmt::format("tensor {} (a vector) has type {}", name, tensor_type_name(view.type)),
        "vectors are F32, F16 or BF16 in every known model");
  }
  return {};
}

}  // namespace

void for_each_expected_tensor(const ModelConfig& config,
                              const std::function<bool(const ExpectedTensor&)>& visit) {
  if (!visit({"token_embd.weight", config.vocab, config.hidden})) return;
  for (std::int64_t layer = 0; layer < config.n_layers; ++layer) {
    for (const ExpectedTensor& tensor : layer_tensors(config, layer)) {
      if (!visit(tensor)) return;
    }
  }
  if (!visit({"output_norm.weight", 1, config.hidden})) return;
  if (!config.tied_embeddings) visit({"output.weight", config.vocab, config.hidden});
}

Result<void> check_config(const ModelConfig& c) {
  const auto bad = [](std::string what) { return env_failure(std::move(what)); };
  if (c.n_kv_heads > c.n_heads || c.n_heads % c.n_kv_heads != 0) {
    return bad(fmt::format("{} key-value heads do not divide {} heads", c.n_kv_heads, c.n_heads));
  }
  if (c.head_dim % 2 != 0) return bad(fmt::format("the head dimension {} is odd", c.head_dim));
  if (!(c.rms_eps > 0 && c.rms_eps < 1)) {
    return bad(fmt::format("the RMSNorm epsilon is {}, expected above 0 and below 1", c.rms_eps));
  }
  if (!(c.rope_theta > 0 && std::isfinite(c.rope_theta))) {
    return bad(fmt::format("the RoPE base is {}, expected above 0", c.rope_theta));
  }
  return {};
}

Result<void> check_tensors(const ModelConfig& config,
                           const std::map<std::string, WeightView, std::less<>>& tensors,
                           std::string_view file,
                           const std::function<std::string(std::string_view)>& original_name) {
  Result<void> result;
  std::vector<std::string> known;
  for_each_expected_tensor(config, [&](const ExpectedTensor& expected) {
    const auto it = tensors.find(expected.name);
    const std::string name = original_name(expected.name);
    result = it == tensors.end()
                 ? Result<void>(damaged(file, fmt::format("tensor {} is missing", name)))
                 : check_one(expected, it->second, file, name);
    known.push_back(expected.name);
    return result.has_value();
  });
  if (!result) return result;
  // Ignoring a tensor (a bias, an expert) would silently compute another model.
  std::sort(known.begin(), known.end());
  for (const auto& [name, view] : tensors) {
    if (!std::binary_search(known.begin(), known.end(), name)) {
      return unsupported(file,
                         fmt::format("tensor {} is not part of a {} model as assay computes it",
                                     name_for_message(original_name(name)), config.arch_name),
                         "this variant of the architecture is not supported");
    }
  }
  return {};
}

std::string dominant_type(const std::map<std::string, WeightView, std::less<>>& tensors) {
  std::map<TensorType, std::size_t> bytes;
  for (const auto& [name, view] : tensors) bytes[view.type] += view.bytes.size();
  const auto most = std::max_element(
      bytes.begin(), bytes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == bytes.end() ? std::string() : std::string(tensor_type_name(most->first));
}

Result<void> fit_tokenizer(TokenizerSpec& spec, std::int64_t vocab, std::string_view file) {
  const auto n_tokens = static_cast<std::int64_t>(spec.tokens.size());
  if (n_tokens > vocab) {
    return damaged(file, fmt::format("the tokenizer has {} tokens, the embedding only {} rows",
                                     n_tokens, vocab));
  }
  for (std::int64_t id = n_tokens; id < vocab; ++id) {
    spec.tokens.push_back(fmt::format("[PAD{}]", id));
    spec.kinds.push_back(TokenKind::unused);
  }
  return {};
}

std::int64_t count_parameters(const std::map<std::string, WeightView, std::less<>>& tensors) {
  std::int64_t total = 0;
  for (const auto& [name, view] : tensors) total += view.rows * view.cols;
  return total;
}

}  // namespace assay
