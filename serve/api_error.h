// What a client did wrong, or what went wrong here, in OpenAI's form.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "serve/http/http_server.h"

namespace assay::serve {

struct ApiError {
  int status = 400;
  std::string message;
  std::string param;  ///< the field at fault; empty: none
  std::string code;   ///< "context_length_exceeded"; empty: none
};

template <class T>
using ApiResult = tl::expected<T, ApiError>;

inline tl::unexpected<ApiError> refusal(std::string param, std::string message,
                                        std::string code = {}) {
  return tl::unexpected<ApiError>(
      ApiError{400, std::move(message), std::move(param), std::move(code)});
}

/// {"error": {"message", "type", "param", "code"}}
std::string error_body(const ApiError& error);
/// 429 and 503 say when to try again.
HttpResponse error_response(const ApiError& error);

}  // namespace assay::serve
