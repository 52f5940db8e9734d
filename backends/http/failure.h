// What can go wrong with one request, each with a name that stands in the journal.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

namespace assay::http {

struct Failure {
  std::string error_class;  ///< "http_429"; docs/formats.md lists them
  std::string text;         ///< for a person; nothing secret
  bool may_pass = false;    ///< trying again can help
  double retry_after_s = 0;
};

/// Of a transfer that libcurl could not finish.
Failure transport_failure(CURLcode code, const std::string& url);
/// Of an answer with a status of 300 or more; `body`: what was read of it.
Failure status_failure(long status, std::string_view body, const std::string& retry_after,
                       const std::string& url);
/// What the server's text says, on one short line: an error object's message, or the text's
/// beginning. Empty when there is nothing to show (a web page).
std::string message_of(std::string_view body);
/// Seconds of a Retry-After header, a number or a date; 0 for none.
double retry_after_seconds(const std::string& header);

}  // namespace assay::http
