// What a model is, as far as bytes go: its published shape, and from it how many weights there are,
// how many one decode step reads, and what a token of context keeps.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/error.h"

namespace assay {

struct ModelShape {
  std::string name;  ///< as `assay list models` would call it
  std::string title;
  std::vector<std::string> aliases;
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t ffn = 0;
  std::int64_t vocab = 0;
  bool tied_embeddings = false;
  bool qkv_bias = false;
  bool qk_norm = false;
  std::int64_t max_context = 0;
  std::string source;

  std::int64_t parameters() const;
  /// An embedding table that is not also the output head is read by the row.
  std::int64_t weights_read() const;
  /// Bytes of fp16 keys and values of one position.
  std::int64_t kv_bytes_per_token() const;
  std::string parameters_arithmetic() const;
  std::string weights_read_arithmetic() const;
  std::string kv_arithmetic() const;
};

/// One way to store the weights.
struct WeightSizes {
  std::string name;                ///< "Q4_K_M", "4 bits"
  int nominal_bits = 0;            ///< the class people speak of: 16, 8, 6, 5, 4, 3, 2
  bool is_real = true;             ///< false: bare bits without the scales that every format needs
  std::int64_t weights_bytes = 0;  ///< of all weights
  std::int64_t read_bytes = 0;     ///< of those that one decode step reads
};

/// What must be in memory.
struct MemoryNeed {
  std::int64_t weights = 0;
  std::int64_t kv = 0;
  std::int64_t scratch = 0;
  std::int64_t total() const { return weights + kv + scratch; }
};

/// The real formats of a shape; the harness knows them (which tensor gets which type).
using SizesOf = std::function<std::vector<WeightSizes>(const ModelShape&)>;

/// Activations and logits of a forward pass over so many tokens of context; may be empty.
using ScratchOf = std::function<std::int64_t(const ModelShape&, std::int64_t context)>;

/// The real formats and, as a floor of each class, bare bits; the largest first.
std::vector<WeightSizes> precisions_of(const ModelShape& shape, const SizesOf& sizes_of);

/// Whether a row belongs to a stated precision ("fp16", "Q4", "Q4_K_M", "int8", "quantised", "4
/// bits"); an empty one means all.
bool precision_matches(const std::string& precision, const WeightSizes& row);
/// The class of a weight type as files name it: 4 for "Q4_K_M", 16 for "BF16"; 0: unknown.
int nominal_bits_of(const std::string& weight_type);
/// The same between two stated precisions: "Q4" covers "Q4_K_M", not "Q8_0"; an unknown one covers
/// itself alone.
bool precision_covers(const std::string& claimed, const std::string& found);
/// Whether it is one of those that precision_matches knows.
bool is_known_precision(const std::string& precision);

/// Reads one entry of models.json; Error{environment} names the first thing wrong.
Result<ModelShape> parse_shape(const nlohmann::json& value, const std::string& where);

/// Those compiled in.
const std::vector<ModelShape>& known_shapes();
/// By name, title or alias; capitals, spaces and punctuation do not count. Null: none.
const ModelShape* find_shape(const std::vector<ModelShape>& shapes, const std::string& name);

/// Lower-case letters and digits alone, without a trailing weight type ("Q4_K_M", "BF16").
std::string plain_model_name(const std::string& name);

}  // namespace assay
