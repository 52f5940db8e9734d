// Members of a foreign JSON object: typed, bounded, and the first thing wrong is kept with its
// place.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

class Fields {
 public:
  /// `where` names the object in errors ("claims[3]"); `error` outlives this.
  Fields(const nlohmann::json& object, std::string where, std::string* error);

  /// 1 to 4,000 bytes, sanitised; empty when it is optional and absent.
  std::string text(const char* name, bool required = true);
  std::vector<std::string> texts(const char* name);
  std::optional<double> number(const char* name, double low, double high, bool required = true);
  std::optional<std::int64_t> integer(const char* name, std::int64_t low, std::int64_t high,
                                      bool required = true);
  bool flag(const char* name, bool otherwise);
  void fail(std::string_view name, const std::string& what);
  /// The first member that is none of these; empty: there is none.
  std::string unknown_member(std::initializer_list<std::string_view> known) const;
  const nlohmann::json& object() const { return object_; }
  const std::string& where() const { return where_; }

 private:
  const nlohmann::json& object_;
  std::string where_;
  std::string* error_;
};

}  // namespace assay
