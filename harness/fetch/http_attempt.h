// One attempt at one HTTP download: follows redirects by its own rules, checks the answer before
// and while it writes, and leaves a partial file that the next attempt can continue.
#pragma once

#include <curl/curl.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/curl.h"
#include "harness/fetch/files.h"
#include "harness/fetch/http.h"

namespace assay::fetch {

class HttpAttempt {
 public:
  HttpAttempt(const HttpSource& source, const RemoteFile& file,
              const std::filesystem::path& partial, const Options& options);

  SourceResult<HttpOutcome> run();
  /// After a failed run(): whether the cause may pass by itself.
  bool worth_another_try() const { return transient_; }

 private:
  /// What ended the body early, decided inside a libcurl callback.
  struct Abort {
    Error error;
    bool keep_partial = false;
    bool transient = false;
  };

  CURLcode perform(const std::string& url, bool with_token);
  SourceResult<HttpOutcome> finish(CURLcode code, const std::string& url);
  tl::unexpected<SourceError> fail(Error error, bool unreachable, bool transient);
  tl::unexpected<SourceError> fail_status(const std::string& url);
  tl::unexpected<SourceError> fail_transport(CURLcode code, const std::string& url);

  void load_resume_point();
  void drop_partial();
  std::optional<std::int64_t> announced_total() const;
  bool begin_body(std::string_view first_bytes);
  bool begin_resumed_body();
  bool take(std::string_view bytes);
  bool abort_with(Error error, bool keep_partial = false, bool transient = false);
  std::string header(const std::string& name) const;
  void remember_linked_file();

  static std::size_t on_header(char* data, std::size_t size, std::size_t n, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t n, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  const HttpSource& source_;
  const RemoteFile& file_;
  const std::filesystem::path& partial_;
  const Options& options_;

  std::int64_t done_bytes_ = 0;   ///< of the partial file
  std::string resume_etag_;       ///< strong; empty: nothing to resume
  std::int64_t total_bytes_ = 0;  ///< as announced; 0: unknown
  std::string linked_sha256_;
  net::AnswerHeaders headers_;
  long status_ = 0;
  bool body_begun_ = false;
  std::int64_t ignored_bytes_ = 0;  ///< of redirects' and errors' texts
  Fd output_;
  std::optional<Abort> abort_;
  bool transient_ = false;
  double last_progress_s_ = 0;
};

}  // namespace assay::fetch
