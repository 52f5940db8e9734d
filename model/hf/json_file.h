// JSON of foreign files: strict parsing, and typed access whose first failure sticks.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace assay {

/// Refuses what is no JSON object, repeated keys (which readers take differently), nesting deeper
/// than kMaxJsonDepth and invalid UTF-8. `file` is for messages.
Result<nlohmann::json> parse_json_object(std::string_view text, const std::string& file);

/// Reads and parses a file of at most 64 MiB.
Result<nlohmann::json> read_json_object(const std::string& path);

/// Members of a JSON object by name and type; null counts as absent. Borrows the object.
class JsonFields {
 public:
  /// Messages start with `file` and, if there is one, `place` ("tensor lm_head.weight").
  JsonFields(const nlohmann::json& object, std::string file, std::string place = {})
      : object_(&object), file_(std::move(file)), place_(std::move(place)) {}

  /// The member unless it is absent or null.
  const nlohmann::json* find(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t smallest,
                                      std::int64_t largest);
  std::optional<double> real(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  const nlohmann::json* object(std::string_view key);
  const nlohmann::json* array(std::string_view key);
  /// A list of integers, where one integer stands for a list of one.
  std::vector<std::int64_t> integers(std::string_view key, std::int64_t smallest,
                                     std::int64_t largest);
  /// Fails if `value` is absent.
  std::int64_t require(std::string_view key, std::optional<std::int64_t> value);

  /// Records damage of the file as a failure, unless one was recorded before.
  void fail_damaged(std::string_view problem);
  void fail(const Error& error);
  const std::string& file() const { return file_; }
  bool ok() const { return !error_; }
  /// Asserts that there is one.
  const Error& error() const;

 private:
  void wrong_type(std::string_view key, std::string_view expected);
  std::optional<std::int64_t> checked(std::string_view key, const nlohmann::json& value,
                                      std::int64_t smallest, std::int64_t largest);

  const nlohmann::json* object_;
  std::string file_;
  std::string place_;
  std::optional<Error> error_;
};

}  // namespace assay
