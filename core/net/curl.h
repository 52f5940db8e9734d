// libcurl's handles with owners, and what every request of assay has in common.
#pragma once

#include <curl/curl.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace assay::net {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
/// A type of its own: libcurl's handles are all void*.
struct CurlMultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using EasyHandle = std::unique_ptr<CURL, CurlDeleter>;
using MultiHandle = std::unique_ptr<CURLM, CurlMultiDeleter>;
using HeaderList = std::unique_ptr<curl_slist, CurlDeleter>;

/// libcurl's global state, made once; asserts that it can be.
void require_curl();

void add_header(HeaderList* list, const std::string& line);

/// HTTP and HTTPS only, no redirect followed, no signals, our name, certificates verified with
/// `ca_bundle` (empty: the system's). Strings are copied.
void set_common_options(CURL* curl, const std::string& url, const std::string& ca_bundle);

/// The headers of an answer, names in lower case; of several answers (1xx) the last one's.
class AnswerHeaders {
 public:
  /// One line as libcurl hands it over. A status line starts anew.
  void add_line(std::string_view line);
  void clear();
  long status() const { return status_; }
  /// Empty when there is none.
  std::string get(const std::string& name) const;
  void set(const std::string& name, std::string value) { fields_[name] = std::move(value); }
  std::size_t bytes() const { return bytes_; }  ///< of all lines since clear()

 private:
  std::map<std::string, std::string> fields_;
  long status_ = 0;
  std::size_t bytes_ = 0;
};

std::string lower(std::string_view text);
/// Without blanks and line ends around it.
std::string_view trim(std::string_view text);
/// "<html" or "<!doctype html" stands at the beginning.
bool looks_like_a_web_page(std::string_view bytes);

}  // namespace assay::net
