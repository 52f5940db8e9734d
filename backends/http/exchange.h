// One HTTP request and its answer over libcurl: a key only for its own origin, TLS verified,
// redirects by our rules, headers and bodies bounded.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "backends/http/failure.h"
#include "backends/http/options.h"
#include "core/net/curl.h"

namespace assay::http {

/// Where to, and with what.
struct Target {
  std::string url;
  bool with_secret = true;  ///< false for good after a redirect to another origin
  int hops = 0;
};

class Exchange {
 public:
  /// `body` empty: GET. Body and options must outlive it.
  Exchange(const Options& options, Target target, const std::string& body);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Takes a piece of the body of an answer with a status below 300; false ends the transfer.
  std::function<bool(std::string_view)> on_body;

  CURL* handle() { return handle_.get(); }
  long status() const { return headers_.status(); }
  const net::AnswerHeaders& headers() const { return headers_; }
  const Target& target() const { return target_; }
  /// Of an answer with another status: at most 64 KB.
  const std::string& error_body() const { return error_body_; }

  /// After the transfer. Where a redirect leads, if it may be followed; else a failure, which says
  /// what ended it unless on_body did. Neither: the answer is there.
  struct End {
    std::optional<Target> next;
    std::optional<Failure> failure;
  };
  End end(CURLcode code) const;

 private:
  static std::size_t take_header(char* data, std::size_t size, std::size_t n, void* self);
  static std::size_t take_body(char* data, std::size_t size, std::size_t n, void* self);
  End redirect() const;

  const Options& options_;
  Target target_;
  net::EasyHandle handle_;
  net::HeaderList headers_sent_;
  net::AnswerHeaders headers_;
  std::string error_body_;
  bool is_get_;
  bool stopped_ = false;  ///< on_body or a bound ended it
  bool flooded_ = false;
};

constexpr double kAskTimeout_s = 30;  ///< what a probe waits for an answer that needs no model

/// A small answer, read whole: what the probes ask beside completions.
struct Answer {
  std::optional<Failure> failure;  ///< no answer, or a status of 300 or more
  long status = 0;
  std::string body;
  std::string server_header;
};
/// Waits at most `timeout_s`; follows redirects. `body` empty: GET.
Answer ask(const Options& options, const std::string& url, const std::string& body,
           double timeout_s);

}  // namespace assay::http
