// What must never be seen: taken out of every text that leaves this backend, because servers repeat
// what they were sent (in errors, and hostile ones in completions).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::http {

class Secrets {
 public:
  /// Empty texts are ignored.
  void add(std::string secret);
  /// The text with "[secret]" in the place of each.
  std::string scrub(std::string text) const;

 private:
  std::vector<std::string> secrets_;  ///< the longest first
};

/// RFC 4648, for Basic authorization: what a server sees instead of user and password.
std::string base64(std::string_view bytes);

}  // namespace assay::http
