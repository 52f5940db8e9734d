#include "model/hf/json_file.h"

#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "core/json_access.h"
#include "core/text.h"
#include "model/file_errors.h"
#include "model/model_file.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20U;

/// Follows the parser and refuses repeated keys, which it would let pass.
class RepeatedKeys {
 public:
  void observe(json::parse_event_t event, const json& parsed) {
    if (event == json::parse_event_t::object_start) {
      keys_.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      keys_.pop_back();
    } else if (event == json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) {
        throw Error(ErrorKind::environment,
                    fmt::format("key '{}' occurs twice", name_for_message(key)));
      }
    }
  }

 private:
  std::vector<std::unordered_set<std::string>> keys_;  // of the objects that are open
};

}  // namespace

Result<json> parse_json_object(std::string_view text, const std::string& file) {
  if (json_is_deeper_than(text, kMaxJsonDepth)) {
    return damaged(file, fmt::format("is nested deeper than {} levels", kMaxJsonDepth));
  }
  try {
    RepeatedKeys keys;
    json out = json::parse(text, [&keys](int, json::parse_event_t event, json& parsed) {
      keys.observe(event, parsed);
      return true;
    });
    if (!out.is_object()) return damaged(file, "is not a JSON object");
    return out;
  } catch (const json::parse_error& e) {
    return damaged(file, fmt::format("is not JSON at byte {}", e.byte));
  } catch (const json::exception& e) {
    return damaged(file, fmt::format("is not JSON: {}", name_for_message(e.what())));
  } catch (const Error& e) {
    return damaged(file, e.message());
  }
}

Result<json> read_json_object(const std::string& path) {
  const auto mapped = MappedFile::open(path);
  if (!mapped) return tl::unexpected(mapped.error());
  const auto bytes = (*mapped)->bytes();
  if (bytes.size() > kMaxFileBytes) {
    return damaged(path, fmt::format("has {} bytes, more than the {} of any known model",
                                     bytes.size(), kMaxFileBytes));
  }
  return parse_json_object({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

const Error& JsonFields::error() const {
  ASSAY_ASSERT(error_.has_value());
  return *error_;
}

void JsonFields::fail_damaged(std::string_view problem) {
  fail(damaged_error(
      file_, place_.empty() ? std::string(problem) : fmt::format("{}: {}", place_, problem)));
}

void JsonFields::fail(const Error& error) {
  if (!error_) error_ = error;
}

void JsonFields::wrong_type(std::string_view key, std::string_view expected) {
  fail_damaged(fmt::format("'{}' is {}, expected {}", key, find(key)->type_name(), expected));
}

const json* JsonFields::find(std::string_view key) const {
  const auto it = object_->find(key);
  return it == object_->end() || it->is_null() ? nullptr : &*it;
}

std::optional<std::int64_t> JsonFields::checked(std::string_view key, const json& value,
                                                std::int64_t smallest, std::int64_t largest) {
  if (!value.is_number_integer()) {
    fail_damaged(fmt::format("'{}' is {}, expected an integer", key, value.type_name()));
    return std::nullopt;
  }
  // Above 2^63 the library keeps an unsigned number, which would turn negative.
  const bool is_huge =
      value.is_number_unsigned() && !std::in_range<std::int64_t>(value.get<std::uint64_t>());
  const std::int64_t number =
      is_huge ? std::numeric_limits<std::int64_t>::max() : value.get<std::int64_t>();
  if (number >= smallest && number <= largest) return number;
  fail_damaged(fmt::format("'{}' is {}, expected {} to {}", key, value.dump(), smallest, largest));
  return std::nullopt;
}

std::optional<std::int64_t> JsonFields::integer(std::string_view key, std::int64_t smallest,
                                                std::int64_t largest) {
  const json* value = find(key);
  return value == nullptr ? std::nullopt : checked(key, *value, smallest, largest);
}

std::optional<double> JsonFields::real(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    wrong_type(key, "a number");
    return std::nullopt;
  }
  const auto number = value->get<double>();
  if (std::isfinite(number)) return number;
  fail_damaged(fmt::format("'{}' is not a finite number", key));
  return std::nullopt;
}

std::optional<bool> JsonFields::boolean(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  wrong_type(key, "true or false");
  return std::nullopt;
}

std::optional<std::string> JsonFields::text(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  wrong_type(key, "a string");
  return std::nullopt;
}

const json* JsonFields::object(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr || value->is_object()) return value;
  wrong_type(key, "an object");
  return nullptr;
}

const json* JsonFields::array(std::string_view key) {
  const json* value = find(key);
  if (value == nullptr || value->is_array()) return value;
  wrong_type(key, "an array");
  return nullptr;
}

std::vector<std::int64_t> JsonFields::integers(std::string_view key, std::int64_t smallest,
                                               std::int64_t largest) {
  std::vector<std::int64_t> out;
  const json* value = find(key);
  if (value == nullptr) return out;
  const auto add = [&](const json& element) {
    if (const auto number = checked(key, element, smallest, largest)) out.push_back(*number);
  };
  if (value->is_array()) {
    for (const json& element : *value) add(element);
  } else {
    add(*value);
  }
  return out;
}

std::int64_t JsonFields::require(std::string_view key, std::optional<std::int64_t> value) {
  if (!value) fail_damaged(fmt::format("'{}' is missing", key));
  return value.value_or(0);
}

}  // namespace assay
