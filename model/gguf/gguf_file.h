// The structure of a GGUF file: header, metadata, tensor table. What the entries mean is decided in
// gguf_config.h, gguf_tokenizer.h and gguf_model.h. Format: ggml's docs/gguf.md, versions 2 and 3.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/types.h"

namespace assay {

enum class GgufType : std::uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12
};
/// "u32", "string".
std::string_view gguf_value_type_name(GgufType type);
/// Bytes of a number or boolean; 0 for string and array.
std::size_t gguf_scalar_bytes(GgufType type);

/// One metadata value; `data` borrows from the file.
struct GgufValue {
  GgufType type = GgufType::u8;  ///< of the elements, if it is an array; never `array`
  bool is_array = false;
  std::uint64_t count = 1;  ///< elements of an array
  /// Numbers one after the other, a string's bytes, or an array's strings, each after its 64-bit
  /// length (checked).
  std::span<const std::byte> data;
};

/// One entry of the tensor table. Dimensions are as in the file: the first is contiguous.
struct GgufTensor {
  std::string_view name;
  std::uint32_t type = 0;           ///< ggml_type, not checked
  std::vector<std::uint64_t> dims;  ///< 1 to 4, each at least 1; their product fits 62 bits
  std::uint64_t offset = 0;         ///< into GgufFile::data, not checked
};

struct GgufFile {
  std::string file;  ///< for messages
  std::uint32_t version = 0;
  std::map<std::string_view, GgufValue> metadata;
  std::vector<GgufTensor> tensors;  ///< names are distinct
  std::uint64_t alignment = 32;
  std::span<const std::byte> data;  ///< from the first aligned byte after the table to the end

  const GgufValue* find(std::string_view key) const;
};

/// `bytes` must outlive the result. Refuses by name: other magic and versions, big-endian files,
/// duplicate keys and tensor names, nested arrays, unknown value types, bad alignment.
Result<GgufFile> parse_gguf(std::span<const std::byte> bytes, const std::string& file);

/// The tensors' bytes, by name, after checking types, shapes, alignment, bounds and overlap.
/// Matrices only: a tensor with more than two dimensions other than 1 is refused.
Result<std::vector<WeightView>> gguf_weight_views(const GgufFile& gguf);

}  // namespace assay
