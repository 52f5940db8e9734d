// Reading a request's members: each is asked for by name, type and range; what nobody asked for is
// refused by name, so that nothing which would change the answer is passed over in silence.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "serve/api_error.h"

namespace assay::serve {

using Json = nlohmann::ordered_json;

/// The text of a request; 400 with a reason for what is no JSON object, no UTF-8 or too deep.
ApiResult<Json> parse_request(std::string_view body);

/// `where` ("messages[2].") stands in front of names in messages. The first failure is kept, and
/// later reads give nothing. A null member reads as absent. `object` must outlive it.
class Fields {
 public:
  explicit Fields(const Json& object, std::string where = {});

  /// The member, whatever it is; null: absent.
  const Json* any(const char* name);
  std::optional<std::string> text(const char* name);
  std::optional<bool> flag(const char* name);
  std::optional<std::int64_t> integer(const char* name, std::int64_t least, std::int64_t most);
  std::optional<double> number(const char* name, double least, double most);
  /// Members that change no token of the answer.
  void ignore(std::initializer_list<const char*> names);
  /// Takes the member if it says what is the case anyway; anything else is refused with `why`.
  void only(const char* name, const Json& value, const std::string& why);

  void fail(const std::string& name, const std::string& why, const std::string& code = {});
  bool failed() const { return error_.has_value(); }
  /// Refuses the members that nobody asked for. The failure, if there was one.
  std::optional<ApiError> finish();

 private:
  const Json* object_;
  std::string where_;
  std::set<std::string, std::less<>> taken_;
  std::optional<ApiError> error_;
};

}  // namespace assay::serve
