// Typed access to GGUF metadata. The first failure sticks (wrong type, out of range, missing):
// callers read everything they want and look at error() once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "model/gguf/gguf_file.h"

namespace assay {

class GgufMetadata {
 public:
  /// Borrows `gguf`.
  explicit GgufMetadata(const GgufFile& gguf) : gguf_(&gguf) {}

  bool has(std::string_view key) const { return gguf_->find(key) != nullptr; }

  /// Any integer type; `smallest` and `largest` are inclusive. Nothing if the key is absent.
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t smallest,
                                      std::int64_t largest);
  /// As integer(), where an array of equal integers stands for one of them (values per layer).
  std::optional<std::int64_t> uniform_integer(std::string_view key, std::int64_t smallest,
                                              std::int64_t largest);
  std::optional<double> real(std::string_view key);  ///< f32 or f64, finite
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::string> text(std::string_view key);  ///< valid UTF-8
  std::optional<std::vector<std::string>> texts(std::string_view key);
  std::optional<std::vector<std::int64_t>> integers(std::string_view key);

  /// Fails if `value` is absent.
  std::int64_t require(std::string_view key, std::optional<std::int64_t> value);

  /// Records damage of the file as a failure.
  void fail_damaged(std::string_view problem);
  bool ok() const { return !error_; }
  /// Asserts that there is one.
  const Error& error() const;

 private:
  const GgufValue* scalar(std::string_view key);
  const GgufValue* array(std::string_view key);
  void fail(Error error);
  void wrong_type(std::string_view key, std::string_view expected);
  std::optional<std::int64_t> element(std::string_view key, const GgufValue& value,
                                      std::uint64_t index);
  std::optional<std::int64_t> in_range(std::string_view key, std::optional<std::int64_t> value,
                                       std::int64_t smallest, std::int64_t largest);

  const GgufFile* gguf_;
  std::optional<Error> error_;
};

}  // namespace assay
