#include "harness/fetch/http_attempt.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/clock.h"
#include "harness/fetch/source_note.h"

namespace assay::fetch {
namespace {

constexpr int kMaxRedirects = 10;
constexpr std::int64_t kMaxIgnoredBytes = 1 << 20;
constexpr double kProgressInterval_s = 0.1;

std::optional<std::int64_t> parse_size(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool is_strong_etag(std::string_view etag) {
  return etag.size() > 2 && etag.front() == '"';
}

/// Whether trying again in a second can help.
bool may_pass(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return false;
    default:
      return true;
  }
}

}  // namespace

HttpAttempt::HttpAttempt(const HttpSource& source, const RemoteFile& file,
                         const std::filesystem::path& partial, const Options& options)
    : source_(source), file_(file), partial_(partial), options_(options) {}

SourceResult<HttpOutcome> HttpAttempt::run() {
  load_resume_point();
  if (file_.bytes > 0 && done_bytes_ == file_.bytes) return HttpOutcome{done_bytes_, {}};
  const std::int64_t wanted = file_.bytes > 0 ? file_.bytes : 0;
  if (auto space = require_space(partial_.parent_path(), wanted - done_bytes_); !space) {
    return fail(std::move(space.error()), false, false);
  }
  std::string url = source_.url;
  bool with_token = !source_.bearer_token.empty();
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    const CURLcode code = perform(url, with_token);
    if (same_origin(url, source_.url)) remember_linked_file();
    const bool redirected = code == CURLE_OK && status_ >= 300 && status_ < 400 && status_ != 304;
    if (!redirected) return finish(code, url);
    const std::string target = header(":redirect");
    if (target.empty()) break;
    if (!redirect_allowed(url, target)) {
      return fail({ErrorKind::environment,
                   fmt::format("{} redirects from HTTPS to '{}', which is refused",
                               display_url(url), display_url(target)),
                   "check HF_ENDPOINT and any proxy between here and the host"},
                  false, false);
    }
    with_token = with_token && same_origin(url, target);
    url = target;
  }
  return fail(
      {ErrorKind::environment, fmt::format("{} redirects without end", display_url(source_.url)),
       "check HF_ENDPOINT and any proxy between here and the host"},
      false, false);
}

/// One request, no redirect followed; headers_ and status_ are those of its answer.
CURLcode HttpAttempt::perform(const std::string& url, bool with_token) {
  headers_.clear();
  status_ = 0;
  body_begun_ = false;
  const net::EasyHandle handle(curl_easy_init());
  ASSAY_ASSERT(handle != nullptr);
  CURL* curl = handle.get();
  net::HeaderList list;
  if (with_token) net::add_header(&list, "Authorization: Bearer " + source_.bearer_token);
  if (done_bytes_ > 0) {
    net::add_header(&list, fmt::format("Range: bytes={}-", done_bytes_));
    net::add_header(&list, "If-Range: " + resume_etag_);
  }
  net::set_common_options(curl, url, options_.ca_bundle);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options_.connect_timeout_s));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout_s));
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &HttpAttempt::on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &HttpAttempt::on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &HttpAttempt::on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status_);
  char* redirect = nullptr;
  curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
  if (redirect != nullptr) headers_.set(":redirect", redirect);
  return code;
}

SourceResult<HttpOutcome> HttpAttempt::finish(CURLcode code, const std::string& url) {
  output_ = Fd();
  if (abort_) {
    if (!abort_->keep_partial) drop_partial();
    return fail(std::move(abort_->error), false, abort_->transient);
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) return fail(interrupted_error(), false, false);
  if (code != CURLE_OK) return fail_transport(code, url);
  if (status_ < 200 || status_ >= 300) return fail_status(url);
  const std::int64_t expected = file_.bytes > 0 ? file_.bytes : total_bytes_;
  if (!body_begun_ || done_bytes_ < expected) {
    return fail(
        {ErrorKind::environment,
         fmt::format("{} ended after {} of {} bytes", display_url(url), done_bytes_, expected),
         "run the same command again to continue"},
        true, true);
  }
  return HttpOutcome{done_bytes_, linked_sha256_};
}

tl::unexpected<SourceError> HttpAttempt::fail(Error error, bool unreachable, bool transient) {
  transient_ = transient;
  return tl::unexpected(SourceError{std::move(error), unreachable});
}

tl::unexpected<SourceError> HttpAttempt::fail_transport(CURLcode code, const std::string& url) {
  return fail({ErrorKind::environment,
               fmt::format("cannot download {}: {}", display_url(url), curl_easy_strerror(code)),
               "check the network, https_proxy and HF_ENDPOINT, then run the same command again"},
              true, may_pass(code));
}

tl::unexpected<SourceError> HttpAttempt::fail_status(const std::string& url) {
  const bool had_token = !source_.bearer_token.empty();
  std::string hint = "try again later";
  bool transient = status_ == 408 || status_ == 429 || status_ >= 500;
  bool unreachable = transient;
  switch (status_) {
    case 401:
      hint = had_token ? "HF_TOKEN is not accepted: make a new one in your account's settings"
                       : "it asks who you are: set HF_TOKEN to an access token of your account";
      break;
    case 403:
      hint = had_token ? "your account has no access: accept the model's licence on its page"
                       : "access is restricted: accept the licence on its page and set HF_TOKEN";
      break;
    case 404:
      hint = "there is no such file there: check HF_ENDPOINT";
      break;
    case 416:  // what we hold is not a beginning of the file any more
      drop_partial();
      transient = true;
      break;
    default:
      break;
  }
  if (!transient && !file_.parts.empty()) hint += "; or use --mirror pypi";
  return fail(
      {ErrorKind::environment,
       fmt::format("{} answers with HTTP status {}", display_url(url), status_), std::move(hint)},
      unreachable, transient);
}

/// Continues the partial file only if its note names this URL and a strong ETag.
void HttpAttempt::load_resume_point() {
  const SourceNote note = read_source_note(partial_);
  const std::int64_t size = size_or_zero(partial_);
  const bool continues =
      note.origin == source_.url && is_strong_etag(note.etag) && size <= file_.max_bytes;
  done_bytes_ = continues ? size : 0;
  resume_etag_ = note.etag;
}

void HttpAttempt::drop_partial() {
  remove_partial(partial_);
  done_bytes_ = 0;
}

/// The whole file's size as the answer's headers give it.
std::optional<std::int64_t> HttpAttempt::announced_total() const {
  if (status_ == 206) {
    const std::string range = header("content-range");  // "bytes 100-199/200"
    const std::size_t slash = range.find('/');
    return slash == std::string::npos ? std::nullopt : parse_size(range.substr(slash + 1));
  }
  return parse_size(header("content-length"));
}

bool HttpAttempt::begin_resumed_body() {
  const std::string etag = header("etag");
  const bool same_file = etag.empty() || etag == resume_etag_;
  const bool same_place =
      header("content-range").starts_with(fmt::format("bytes {}-", done_bytes_));
  if (done_bytes_ == 0 || !same_file || !same_place) {
    return abort_with(
        {ErrorKind::environment,
         fmt::format("'{}' changed at its source since the download began", file_.name),
         "run the same command again"},
        false, true);
  }
  auto opened = open_for_append(partial_, done_bytes_);
  if (!opened) return abort_with(std::move(opened.error()), true);
  output_ = std::move(*opened);
  return true;
}

/// Looks at the answer's headers and first bytes, then opens the partial file.
bool HttpAttempt::begin_body(std::string_view first_bytes) {
  body_begun_ = true;
  if (net::lower(header("content-type")).starts_with("text/html") ||
      net::looks_like_a_web_page(first_bytes)) {
    return abort_with({ErrorKind::environment,
                       fmt::format("{} answers with a web page instead of '{}'",
                                   display_url(source_.url), file_.name),
                       "a proxy or a login page may stand in between; check HF_ENDPOINT"},
                      true);
  }
  const std::int64_t total = announced_total().value_or(0);
  if (total > file_.max_bytes || (file_.bytes > 0 && total > 0 && total != file_.bytes)) {
    return abort_with({ErrorKind::environment,
                       fmt::format("'{}' is {} bytes at its source and should be {}{}", file_.name,
                                   total, file_.bytes > 0 ? "" : "at most ", file_.max_bytes),
                       "the file there is another one; check HF_ENDPOINT"});
  }
  if (total > 0) total_bytes_ = total;
  if (status_ == 206) return begin_resumed_body();
  done_bytes_ = 0;
  auto opened = open_for_append(partial_, 0);
  if (!opened) return abort_with(std::move(opened.error()), true);
  output_ = std::move(*opened);
  if (!write_source_note(partial_, {source_.url, header("etag")})) {
    return abort_with(
        {ErrorKind::environment, fmt::format("cannot write beside '{}'", partial_.string()),
         "check the disk, or set XDG_CACHE_HOME to another folder"},
        true);
  }
  auto space = require_space(partial_.parent_path(), total);
  return space ? true : abort_with(std::move(space.error()), true);
}

bool HttpAttempt::take(std::string_view bytes) {
  if (status_ < 200 || status_ >= 300) {  // the text of an error or redirect: ignored
    ignored_bytes_ += static_cast<std::int64_t>(bytes.size());
    if (ignored_bytes_ <= kMaxIgnoredBytes) return true;
    return abort_with({ErrorKind::environment,
                       fmt::format("{} sends an endless error page", display_url(source_.url)),
                       "check HF_ENDPOINT and any proxy between here and the host"},
                      true);
  }
  if (!body_begun_ && !begin_body(bytes)) return false;
  if (done_bytes_ + static_cast<std::int64_t>(bytes.size()) > file_.max_bytes) {
    return abort_with({ErrorKind::environment,
                       fmt::format("{} sends more than the {} bytes of '{}'",
                                   display_url(source_.url), file_.max_bytes, file_.name),
                       "the file there is another one; check HF_ENDPOINT"});
  }
  if (auto written = write_all(output_, std::as_bytes(std::span(bytes)), partial_); !written) {
    return abort_with(std::move(written.error()), true);
  }
  done_bytes_ += static_cast<std::int64_t>(bytes.size());
  return true;
}

bool HttpAttempt::abort_with(Error error, bool keep_partial, bool transient) {
  abort_ = Abort{std::move(error), keep_partial, transient};
  return false;
}

std::string HttpAttempt::header(const std::string& name) const {
  return headers_.get(name);
}

/// The hub names a large file's sha256 and size beside its redirect.
void HttpAttempt::remember_linked_file() {
  std::string etag = header("x-linked-etag");
  std::erase(etag, '"');
  const bool is_sha256 =
      etag.size() == 64 &&
      std::all_of(etag.begin(), etag.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (is_sha256) linked_sha256_ = net::lower(etag);
}

std::size_t HttpAttempt::on_header(char* data, std::size_t size, std::size_t n, void* self) {
  auto& attempt = *static_cast<HttpAttempt*>(self);
  attempt.headers_.add_line({data, size * n});
  attempt.status_ = attempt.headers_.status();
  return size * n;
}

std::size_t HttpAttempt::on_body(char* data, std::size_t size, std::size_t n, void* self) {
  const bool taken = static_cast<HttpAttempt*>(self)->take({data, size * n});
  return taken ? size * n : CURL_WRITEFUNC_ERROR;
}

int HttpAttempt::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& attempt = *static_cast<HttpAttempt*>(self);
  if (attempt.options_.cancelled()) return 1;
  const double now_s = now_seconds();
  if (attempt.body_begun_ && now_s - attempt.last_progress_s_ >= kProgressInterval_s) {
    attempt.last_progress_s_ = now_s;
    const std::int64_t total = attempt.file_.bytes > 0 ? attempt.file_.bytes : attempt.total_bytes_;
    attempt.options_.progress({attempt.file_.name, attempt.done_bytes_, total});
  }
  return 0;
}

}  // namespace assay::fetch
