#include "model/gguf/gguf_metadata.h"

#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <utility>

#include "core/text.h"
#include "model/byte_reader.h"
#include "model/file_errors.h"

namespace assay {

const Error& GgufMetadata::error() const {
  ASSAY_ASSERT(error_.has_value());
  return *error_;
}

void GgufMetadata::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

void GgufMetadata::fail_damaged(std::string_view problem) {
  fail(damaged_error(gguf_->file, problem));
}

void GgufMetadata::wrong_type(std::string_view key, std::string_view expected) {
  const GgufValue& value = *gguf_->find(key);
  fail_damaged(fmt::format("metadata key {} is {}{}, expected {}", key,
                           value.is_array ? "an array of " : "", gguf_value_type_name(value.type),
                           expected));
}

const GgufValue* GgufMetadata::scalar(std::string_view key) {
  const GgufValue* value = gguf_->find(key);
  if (value == nullptr || !value->is_array) return value;
  wrong_type(key, "a single value");
  return nullptr;
}

const GgufValue* GgufMetadata::array(std::string_view key) {
  const GgufValue* value = gguf_->find(key);
  if (value == nullptr || value->is_array) return value;
  wrong_type(key, "an array");
  return nullptr;
}

std::optional<std::int64_t> GgufMetadata::element(std::string_view key, const GgufValue& value,
                                                  std::uint64_t index) {
  const std::size_t bytes = gguf_scalar_bytes(value.type);
  const auto at = value.data.subspan(index * bytes);
  switch (value.type) {
    case GgufType::u8:
      return load_number<std::uint8_t>(at);
    case GgufType::i8:
      return load_number<std::int8_t>(at);
    case GgufType::u16:
      return load_number<std::uint16_t>(at);
    case GgufType::i16:
      return load_number<std::int16_t>(at);
    case GgufType::u32:
      return load_number<std::uint32_t>(at);
    case GgufType::i32:
      return load_number<std::int32_t>(at);
    case GgufType::i64:
      return load_number<std::int64_t>(at);
    case GgufType::u64: {
      const auto number = load_number<std::uint64_t>(at);
      if (std::in_range<std::int64_t>(number)) return static_cast<std::int64_t>(number);
      return std::numeric_limits<std::int64_t>::max();  // out of every range asked for
    }
    default:
      wrong_type(key, "an integer");
      return std::nullopt;
  }
}

std::optional<std::int64_t> GgufMetadata::in_range(std::string_view key,
                                                   std::optional<std::int64_t> value,
                                                   std::int64_t smallest, std::int64_t largest) {
  if (!value || (*value >= smallest && *value <= largest)) return value;
  fail_damaged(
      fmt::format("metadata key {} is {}, expected {} to {}", key, *value, smallest, largest));
  return std::nullopt;
}

std::optional<std::int64_t> GgufMetadata::integer(std::string_view key, std::int64_t smallest,
                                                  std::int64_t largest) {
  const GgufValue* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  return in_range(key, element(key, *value, 0), smallest, largest);
}

std::optional<std::int64_t> GgufMetadata::uniform_integer(std::string_view key,
                                                          std::int64_t smallest,
                                                          std::int64_t largest) {
  const GgufValue* value = gguf_->find(key);
  if (value == nullptr || !value->is_array) return integer(key, smallest, largest);
  if (value->count == 0) {
    fail_damaged(fmt::format("metadata key {} is an empty array", key));
    return std::nullopt;
  }
  const std::optional<std::int64_t> first =
      in_range(key, element(key, *value, 0), smallest, largest);
  for (std::uint64_t i = 1; i < value->count && first; ++i) {
    const std::optional<std::int64_t> other = element(key, *value, i);
    if (other != first) {
      fail(unsupported_error(
          gguf_->file,
          fmt::format("metadata key {} differs between layers ({} and {})", key, *first, *other),
          "assay computes models whose layers have one shape"));
      return std::nullopt;
    }
  }
  return first;
}

std::optional<double> GgufMetadata::real(std::string_view key) {
  const GgufValue* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  double number = 0;
  if (value->type == GgufType::f32) {
    number = load_number<float>(value->data);
  } else if (value->type == GgufType::f64) {
    number = load_number<double>(value->data);
  } else {
    wrong_type(key, "f32");
    return std::nullopt;
  }
  if (std::isfinite(number)) return number;
  fail_damaged(fmt::format("metadata key {} is not a finite number", key));
  return std::nullopt;
}

std::optional<bool> GgufMetadata::boolean(std::string_view key) {
  const GgufValue* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::boolean) {
    wrong_type(key, "bool");
    return std::nullopt;
  }
  return value->data[0] != std::byte{0};
}

std::optional<std::string> GgufMetadata::text(std::string_view key) {
  const GgufValue* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::string) {
    wrong_type(key, "a string");
    return std::nullopt;
  }
  std::string out(reinterpret_cast<const char*>(value->data.data()), value->data.size());
  if (is_valid_utf8(out)) return out;
  fail_damaged(fmt::format("metadata key {} is not valid UTF-8", key));
  return std::nullopt;
}

std::optional<std::vector<std::string>> GgufMetadata::texts(std::string_view key) {
  const GgufValue* value = array(key);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::string) {
    wrong_type(key, "an array of strings");
    return std::nullopt;
  }
  std::vector<std::string> out;
  out.reserve(value->count);
  ByteReader in(value->data, gguf_->file);  // the parser checked the lengths
  for (std::uint64_t i = 0; i < value->count; ++i) {
    const std::string_view text = in.string(key);
    if (!is_valid_utf8(text)) {
      fail_damaged(fmt::format("element {} of metadata key {} is not valid UTF-8", i, key));
      return std::nullopt;
    }
    out.emplace_back(text);
  }
  return out;
}

std::optional<std::vector<std::int64_t>> GgufMetadata::integers(std::string_view key) {
  const GgufValue* value = array(key);
  if (value == nullptr) return std::nullopt;
  std::vector<std::int64_t> out;
  out.reserve(value->type == GgufType::string ? 0 : value->count);
  for (std::uint64_t i = 0; i < value->count; ++i) {
    const std::optional<std::int64_t> number = element(key, *value, i);
    if (!number) return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

std::int64_t GgufMetadata::require(std::string_view key, std::optional<std::int64_t> value) {
  if (!value) fail_damaged(fmt::format("metadata key {} is missing", key));
  return value.value_or(0);
}

}  // namespace assay
