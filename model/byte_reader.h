// Bounds-checked little-endian reading of foreign bytes. The first failure sticks: later reads give
// zeros, so that a parser checks once per record instead of once per field.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.h"

namespace assay {

static_assert(std::endian::native == std::endian::little, "GGUF numbers are read in place");

/// A little-endian number at the start of `bytes`, which must hold it.
template <class T>
T load_number(std::span<const std::byte> bytes) {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
  T value{};
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

class ByteReader {
 public:
  /// Borrows `bytes`. `file` starts every message.
  ByteReader(std::span<const std::byte> bytes, std::string file)
      : bytes_(bytes), file_(std::move(file)) {}

  template <class T>
  T number(std::string_view what) {
    const std::span<const std::byte> raw = take(sizeof(T), what);
    return raw.size() == sizeof(T) ? load_number<T>(raw) : T{};
  }

  /// The next `n` bytes, or nothing after a failure.
  std::span<const std::byte> take(std::uint64_t n, std::string_view what);
  /// A 64-bit length and that many bytes, at most `max_bytes`.
  std::string_view string(std::string_view what,
                          std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max());

  /// Records a failure at the current offset, unless one was recorded before.
  void fail(const std::string& problem);

  bool ok() const { return !error_; }
  /// Asserts that there is one.
  const Error& error() const;
  std::uint64_t offset() const { return offset_; }
  std::uint64_t remaining() const { return bytes_.size() - offset_; }

 private:
  std::span<const std::byte> bytes_;
  std::string file_;
  std::uint64_t offset_ = 0;
  std::optional<Error> error_;
};

}  // namespace assay
