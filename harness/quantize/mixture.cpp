#include "harness/quantize/mixture.h"

#include <charconv>
#include <cstdint>

#include "harness/names.h"

namespace assay {
namespace {

using enum TensorType;

Mixture uniform(std::string name, std::string summary, TensorType type, TensorType head) {
  return {std::move(name), std::move(summary), type, head, type, type, type, type};
}

/// N of "blk.N.rest", else -1; `rest` gets what follows.
std::int64_t layer_of(std::string_view name, std::string_view* rest) {
  constexpr std::string_view kPrefix = "blk.";
  if (!name.starts_with(kPrefix)) return -1;
  name.remove_prefix(kPrefix.size());
  std::int64_t layer = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), layer);
  if (error != std::errc()) return -1;
  *rest = name.substr(static_cast<std::size_t>(end - name.data()) + 1);
  return layer;
}

/// llama.cpp's use_more_bits: the first eighth of the layers, the last, and every third between.
/// The last begins at 7 n / 8 rounded down, which is not n - n / 8.
bool is_sensitive(std::int64_t layer, std::int64_t n_layers) {
  const std::int64_t eighth = n_layers / 8;
  return layer < eighth || layer >= 7 * n_layers / 8 || (layer - eighth) % 3 == 2;
}

TensorType wanted_type(const Mixture& mixture, std::string_view name, const ModelConfig& config) {
  if (name == "output.weight") return mixture.head;
  if (name == "token_embd.weight") return config.tied_embeddings ? mixture.head : mixture.base;
  std::string_view part;
  const std::int64_t layer = layer_of(name, &part);
  if (layer < 0) return mixture.base;
  const bool sensitive = is_sensitive(layer, config.n_layers);
  if (part == "attn_v.weight") return sensitive ? mixture.sensitive : mixture.value;
  if (part == "ffn_down.weight") return sensitive ? mixture.sensitive : mixture.down;
  if (part == "attn_output.weight") return mixture.output;
  return mixture.base;
}

/// The nearest type with blocks of 32.
TensorType with_small_blocks(TensorType type) {
  switch (type) {
    case Q2_K:
    case Q3_K:
      return Q4_0;
    case Q4_K:
      return Q5_0;
    case Q5_K:
      return Q5_1;
    case Q6_K:
      return Q8_0;
    default:
      return type;
  }
}

}  // namespace

const std::vector<Mixture>& mixtures() {
  static const std::vector<Mixture> all = {
      uniform("Q8_0", "8.5 bits a weight, next to no loss", Q8_0, Q8_0),
      uniform("Q6_K", "6.6 bits", Q6_K, Q6_K),
      uniform("Q5_K_S", "5.5 bits", Q5_K, Q6_K),
      uniform("Q5_1", "6 bits", Q5_1, Q6_K),
      uniform("Q5_0", "5.5 bits", Q5_0, Q6_K),
      {"Q4_K_M", "4.8 bits, the usual choice", Q4_K, Q6_K, Q6_K, Q4_K, Q4_K, Q4_K},
      uniform("Q4_1", "5 bits", Q4_1, Q6_K),
      uniform("Q4_0", "4.5 bits", Q4_0, Q6_K),
      uniform("Q3_K_S", "3.4 bits", Q3_K, Q6_K),
      {"Q2_K", "about 3 bits, with visible damage", Q2_K, Q6_K, Q4_K, Q4_K, Q3_K, Q3_K},
      uniform("F16", "16 bits, fp16", F16, F16),
      uniform("BF16", "16 bits, bfloat16", BF16, BF16),
      uniform("F32", "32 bits", F32, F32),
  };
  return all;
}

Result<Mixture> find_mixture(std::string_view name) {
  std::vector<std::string> known;
  for (const Mixture& mixture : mixtures()) {
    if (mixture.name == name) return mixture;
    known.push_back(mixture.name);
  }
  return tl::unexpected(unknown_name("type", name, known));
}

TensorType tensor_type_in(const Mixture& mixture, std::string_view name, std::int64_t rows,
                          std::int64_t cols, const ModelConfig& config) {
  if (rows == 1) return F32;
  TensorType type = wanted_type(mixture, name, config);
  if (cols % block_layout(type).elements != 0) type = with_small_blocks(type);
  return cols % block_layout(type).elements == 0 ? type : F16;
}

}  // namespace assay
