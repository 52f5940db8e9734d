#include "harness/model_sizes.h"

#include <algorithm>

#include "harness/quantize/mixture.h"
#include "model/transformer/buffers.h"

namespace assay {
namespace {

struct Shape {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  bool read_by_the_row = false;  ///< an embedding table that is not the output head
};

void add_layer(const ModelConfig& c, std::int64_t layer, std::vector<Shape>* out) {
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  const std::int64_t q = c.n_heads * c.head_dim;
  const std::int64_t kv = c.n_kv_heads * c.head_dim;
  const auto add = [&](const char* name, std::int64_t rows, std::int64_t cols) {
    out->push_back({prefix + name, rows, cols, false});
  };
  add("attn_norm.weight", 1, c.hidden);
  add("attn_q.weight", q, c.hidden);
  add("attn_k.weight", kv, c.hidden);
  add("attn_v.weight", kv, c.hidden);
  add("attn_output.weight", c.hidden, q);
  if (c.qkv_bias) {
    add("attn_q.bias", 1, q);
    add("attn_k.bias", 1, kv);
    add("attn_v.bias", 1, kv);
  }
  if (c.qk_norm) {
    add("attn_q_norm.weight", 1, c.head_dim);
    add("attn_k_norm.weight", 1, c.head_dim);
  }
  add("ffn_norm.weight", 1, c.hidden);
  add("ffn_gate.weight", c.ffn, c.hidden);
  add("ffn_up.weight", c.ffn, c.hidden);
  add("ffn_down.weight", c.hidden, c.ffn);
}

std::vector<Shape> tensors_of(const ModelConfig& c) {
  std::vector<Shape> out = {{"token_embd.weight", c.vocab, c.hidden, !c.tied_embeddings},
                            {"output_norm.weight", 1, c.hidden, false}};
  if (!c.tied_embeddings) out.push_back({"output.weight", c.vocab, c.hidden, false});
  for (std::int64_t layer = 0; layer < c.n_layers; ++layer) add_layer(c, layer, &out);
  return out;
}

}  // namespace

std::vector<TypeSizes> sizes_by_type(const ModelConfig& config) {
  const std::vector<Shape> tensors = tensors_of(config);
  std::vector<TypeSizes> out;
  for (const Mixture& mixture : mixtures()) {
    if (mixture.name == "F32" || mixture.name == "BF16") continue;
    TypeSizes sizes{mixture.name, 0, 0};
    for (const Shape& it : tensors) {
      const TensorType type = tensor_type_in(mixture, it.name, it.rows, it.cols, config);
      const std::int64_t bytes = it.rows * row_bytes(type, it.cols);
      sizes.weights_bytes += bytes;
      sizes.read_bytes += it.read_by_the_row ? 0 : bytes;
    }
    out.push_back(sizes);
  }
  return out;
}

std::int64_t projected_scratch_bytes(const ModelConfig& config, std::int64_t context,
                                     std::int64_t batch) {
  SessionOptions options;
  options.max_context = context;
  options.max_batch = batch;
  const std::int64_t rope = context * config.head_dim * static_cast<std::int64_t>(sizeof(float));
  return buffer_sizes(config, options, kPrefillChunk).floats *
             static_cast<std::int64_t>(sizeof(float)) +
         rope;
}

}  // namespace assay
