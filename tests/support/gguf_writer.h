// Writes GGUF files, sound or hostile: every number of the file can be set.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"

namespace assay::testing {

/// Appends the little-endian bytes of a number.
template <class T>
void append_number(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

class GgufWriter {
 public:
  /// Numbers of the file's value types.
  enum ValueType : std::uint32_t {
    kU8 = 0,
    kI32 = 5,
    kU32 = 4,
    kF32 = 6,
    kBool = 7,
    kString = 8,
    kArray = 9,
    kU64 = 10
  };
  struct Tensor {
    std::string name;
    std::uint32_t type = 0;           ///< ggml_type, any number
    std::vector<std::uint64_t> dims;  ///< the contiguous one first
    std::string bytes;
    std::optional<std::uint64_t> offset;  ///< in place of the right one
  };

  // A key that exists is replaced; set_raw with `again` adds it a second time.
  GgufWriter& set_u32(std::string_view key, std::uint32_t value);
  GgufWriter& set_u32s(std::string_view key, std::span<const std::uint32_t> values);
  GgufWriter& set_f32(std::string_view key, float value);
  GgufWriter& set_bool(std::string_view key, bool value);
  GgufWriter& set_string(std::string_view key, std::string_view value);
  GgufWriter& set_strings(std::string_view key, std::span<const std::string> values);
  GgufWriter& set_raw(std::string_view key, std::uint32_t type, std::string payload,
                      bool again = false);
  GgufWriter& erase(std::string_view key);

  GgufWriter& add_tensor(Tensor tensor);
  /// A tensor added before; asserts that it exists.
  Tensor& tensor(std::string_view name);
  GgufWriter& erase_tensor(std::string_view name);
  std::vector<Tensor>& tensors() { return tensors_; }

  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;  ///< used for the layout; the key is written by the caller
  std::optional<std::uint64_t> n_tensors;  ///< in place of the right number
  std::optional<std::uint64_t> n_keys;

  /// Header, metadata and tensor table, without padding and data.
  std::string table() const;
  /// The whole file.
  std::string bytes() const;
  void write(const std::filesystem::path& path) const;

 private:
  struct Entry {
    std::string key;
    std::uint32_t type;
    std::string payload;
  };
  std::vector<Entry> metadata_;
  std::vector<Tensor> tensors_;
};

/// A 64-bit length and the text: a GGUF string.
std::string gguf_string(std::string_view text);

}  // namespace assay::testing
