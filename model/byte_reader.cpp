#include "model/byte_reader.h"

#include <fmt/core.h>

#include "model/file_errors.h"

namespace assay {

std::span<const std::byte> ByteReader::take(std::uint64_t n, std::string_view what) {
  if (!ok()) return {};
  if (n > remaining()) {
    fail(fmt::format("{} needs {} bytes, only {} are left", what, n, remaining()));
    return {};
  }
  const auto out = bytes_.subspan(offset_, n);
  offset_ += n;
  return out;
}

std::string_view ByteReader::string(std::string_view what, std::uint64_t max_bytes) {
  const auto length = number<std::uint64_t>(what);
  if (!ok()) return {};
  if (length > max_bytes) {
    fail(fmt::format("{} is {} bytes long, more than the allowed {}", what, length, max_bytes));
    return {};
  }
  const auto raw = take(length, what);
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

void ByteReader::fail(const std::string& problem) {
  if (!error_) error_ = damaged_error(file_, fmt::format("at byte {}: {}", offset_, problem));
}

const Error& ByteReader::error() const {
  ASSAY_ASSERT(error_.has_value());
  return *error_;
}

}  // namespace assay
