// Who may ask: checked on a request's head, before its body is read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "serve/api_error.h"
#include "serve/http/http_server.h"

namespace assay::serve {

struct AccessRules {
  std::string token;               ///< empty: none is asked for
  std::vector<std::string> hosts;  ///< names that Host may hold beside addresses and localhost
};

/// Nothing: let in. A page in a browser that reaches us by a name of its own (DNS rebinding) or
/// from another origin is refused, and so is a missing or wrong token.
std::optional<ApiError> check_access(const AccessRules& rules, const HttpRequest& head);

/// The token of a file or of ASSAY_SERVE_TOKEN; empty: neither is there. Error{usage} for a token
/// that is too short or holds anything but visible ASCII.
Result<std::string> read_token(const std::string& file);

/// Whether it is an IP address rather than a name.
bool is_address(const std::string& name);
/// Whether it is an address that only this machine can reach.
bool is_loopback(const std::string& address);

}  // namespace assay::serve
