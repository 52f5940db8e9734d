#include "tool/model_shapes.h"

#include <filesystem>

#include "core/error.h"
#include "harness/fetch/fetch.h"
#include "harness/model_sizes.h"
#include "harness/names.h"
#include "harness/records.h"
#include "model/model_file.h"

namespace assay::tool {
namespace {

/// "Q4_K_M" -> 4.
int bits_in_name(const std::string& name) {
  if (name == "F16" || name == "BF16") return 16;
  if (name == "F32") return 32;
  return name.size() > 1 && name[1] >= '0' && name[1] <= '9' ? name[1] - '0' : 16;
}

KnownModel from_file(const std::string& path) {
  const ModelFile file = value_or_throw(load_model_file(path));
  if (file.vocabulary_only) {
    throw Error(ErrorKind::environment, path + " holds a vocabulary and no weights",
                "give a model's file");
  }
  const ModelConfig& c = file.config;
  KnownModel out;
  out.shape = {file.name,         file.name,    {},         c.n_layers,    c.hidden,
               c.n_heads,         c.n_kv_heads, c.head_dim, c.ffn,         c.vocab,
               c.tied_embeddings, c.qkv_bias,   c.qk_norm,  c.max_context, "the file itself"};
  out.own.name = (file.weight_type.empty() ? "file" : file.weight_type) + "*";
  out.own.nominal_bits = bits_in_name(file.weight_type);
  for (const auto& [name, view] : file.tensors) {
    out.own.weights_bytes += static_cast<std::int64_t>(view.bytes.size());
  }
  out.own.read_bytes = weights_read_bytes(file);
  return out;
}

}  // namespace

ModelConfig config_of(const ModelShape& shape) {
  ModelConfig out;
  out.n_layers = shape.layers;
  out.hidden = shape.hidden;
  out.n_heads = shape.heads;
  out.n_kv_heads = shape.kv_heads;
  out.head_dim = shape.head_dim;
  out.ffn = shape.ffn;
  out.vocab = shape.vocab;
  out.max_context = shape.max_context;
  out.tied_embeddings = shape.tied_embeddings;
  out.qkv_bias = shape.qkv_bias;
  out.qk_norm = shape.qk_norm;
  return out;
}

std::vector<WeightSizes> sizes_of_shape(const ModelShape& shape) {
  std::vector<WeightSizes> out;
  for (const TypeSizes& it : sizes_by_type(config_of(shape))) {
    out.push_back({it.name, bits_in_name(it.name), true, it.weights_bytes, it.read_bytes});
  }
  return out;
}

std::int64_t scratch_of_shape(const ModelShape& shape, std::int64_t context) {
  return projected_scratch_bytes(config_of(shape), context, 1);
}

KnownModel find_model(const std::string& name_or_path) {
  std::error_code ignored;
  if (std::filesystem::exists(name_or_path, ignored)) return from_file(name_or_path);
  if (const ModelShape* shape = find_shape(known_shapes(), name_or_path)) {
    KnownModel out;
    out.shape = *shape;
    out.own.is_real = false;
    return out;
  }
  std::vector<std::string> known;
  for (const ModelShape& shape : known_shapes()) known.push_back(shape.name);
  Error error = unknown_name("model", name_or_path, known);
  throw Error(ErrorKind::usage, error.message(), error.hint() + "; or give a model's file");
}

}  // namespace assay::tool
