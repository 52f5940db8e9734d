#include "serve/api_error.h"

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "serve/json_text.h"

namespace assay::serve {
namespace {

const char* type_of(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 404) return "not_found_error";
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json(nullptr) : nlohmann::json(text);
}

}  // namespace

std::string error_body(const ApiError& error) {
  return to_line(nlohmann::ordered_json{{"error",
                                         {{"message", error.message},
                                          {"type", type_of(error.status)},
                                          {"param", text_or_null(error.param)},
                                          {"code", text_or_null(error.code)}}}});
}

HttpResponse error_response(const ApiError& error) {
  HttpResponse response;
  response.status = error.status;
  response.body = error_body(error);
  if (error.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (error.status == 429 || error.status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace assay::serve
