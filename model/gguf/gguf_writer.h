// GGUF version 3: the header of a file whose tensors' bytes are written behind it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"
#include "model/gguf/gguf_file.h"

namespace assay {

inline constexpr std::uint64_t kGgufAlignment = 32;

/// Metadata in the order in which it is added. Each key once.
class GgufMetadataWriter {
 public:
  void add_u32(std::string_view key, std::uint32_t value);
  void add_f32(std::string_view key, float value);
  void add_bool(std::string_view key, bool value);
  void add_text(std::string_view key, std::string_view value);
  void add_texts(std::string_view key, std::span<const std::string> values);
  void add_i32s(std::string_view key, std::span<const std::int32_t> values);
  /// As it stands in another file.
  void add_copy(std::string_view key, const GgufValue& value);

  std::uint64_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }

 private:
  void add_key(std::string_view key, GgufType type);

  std::string bytes_;
  std::uint64_t count_ = 0;
};

struct GgufTensorEntry {
  std::string name;
  TensorType type = TensorType::F32;
  std::int64_t rows = 1;  ///< 1: a vector, of one dimension
  std::int64_t cols = 0;

  std::int64_t bytes() const { return rows * row_bytes(type, cols); }
};

/// Bytes that a tensor takes with the padding behind it.
std::int64_t gguf_padded_bytes(std::int64_t bytes);

/// Everything up to the first tensor's bytes. Tensors follow in this order, each padded to
/// gguf_padded_bytes.
std::string gguf_header(const GgufMetadataWriter& metadata,
                        std::span<const GgufTensorEntry> tensors);

}  // namespace assay
