// The few names that every layer shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace assay {

using TokenId = std::int32_t;

/// How a tensor's bytes are laid out in a model file. Numbers of the quantised types follow GGUF's
/// ggml_type, so a GGUF's value can be compared directly.
enum class TensorType : std::uint32_t {
  F32 = 0,
  F16 = 1,
  Q4_0 = 2,
  Q4_1 = 3,
  Q5_0 = 6,
  Q5_1 = 7,
  Q8_0 = 8,
  Q2_K = 10,
  Q3_K = 11,
  Q4_K = 12,
  Q5_K = 13,
  Q6_K = 14,
  BF16 = 30,
};

/// Elements and bytes of one block; a row is a whole number of blocks. Float types: 1 element.
struct BlockLayout {
  int elements;
  int bytes;
};

/// All supported types, in the enum's order.
std::span<const TensorType> all_tensor_types();
/// "Q4_K". Asserts that the type is one of all_tensor_types().
std::string_view tensor_type_name(TensorType type);
/// The type of a GGUF number, or false if it is not supported.
bool tensor_type_from_gguf(std::uint32_t number, TensorType* out);
/// GGUF's own name for any number it defines ("IQ2_XXS"), or "type 99": for error messages.
std::string gguf_type_name(std::uint32_t number);
BlockLayout block_layout(TensorType type);
/// F32, F16 or BF16.
bool is_float_type(TensorType type);
/// Bytes of one row of `cols` elements; cols must be a multiple of the block.
std::int64_t row_bytes(TensorType type, std::int64_t cols);

/// A matrix as it lies in the model file: row-major, `rows` x `cols`, `cols` contiguous.
/// A vector has rows == 1. Borrowed: the model file must outlive it.
struct WeightView {
  std::string_view name;
  TensorType type = TensorType::F32;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::span<const std::byte> bytes;
};

enum class KvType { f16, f32 };

/// The policy a result was computed under (docs/numerics.md).
enum class Numerics {
  exact,  ///< bit-identical everywhere; refused where it cannot be given
  fast    ///< any order of sums; divergence is measured
};
std::string_view numerics_name(Numerics numerics);

/// Why a completion ended.
enum class StopReason {
  eos,          ///< the model's own end token
  stop_string,  ///< a task's stop string outside the thinking part
  length,       ///< the token budget or the context ended it
  error         ///< see Completion::error
};
std::string_view stop_reason_name(StopReason reason);

}  // namespace assay
