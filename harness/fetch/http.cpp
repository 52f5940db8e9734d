#include "harness/fetch/http.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "core/text.h"
#include "harness/fetch/files.h"
#include "harness/fetch/http_attempt.h"

namespace assay::fetch {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

UrlHandle parse_url(const std::string& text) {
  UrlHandle url(curl_url());
  if (url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) url.reset();
  return url;
}

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

std::string scheme_of(const std::string& text) {
  const UrlHandle url = parse_url(text);
  return url ? url_part(url.get(), CURLUPART_SCHEME) : std::string();
}

void pause(const Options& options) {
  std::this_thread::sleep_for(std::chrono::milliseconds(options.retry_pause_ms));
}

}  // namespace

std::string display_url(const std::string& text) {
  const UrlHandle url = parse_url(text);
  if (!url) return "an unreadable URL";
  char* port = nullptr;
  std::string shown_port;
  if (curl_url_get(url.get(), CURLUPART_PORT, &port, 0) == CURLUE_OK) {
    shown_port = fmt::format(":{}", port);
    curl_free(port);
  }
  return fmt::format("{}://{}{}{}", url_part(url.get(), CURLUPART_SCHEME),
                     url_part(url.get(), CURLUPART_HOST), shown_port,
                     url_part(url.get(), CURLUPART_PATH));
}

bool redirect_allowed(const std::string& from, const std::string& to) {
  const std::string target = scheme_of(to);
  return target == "https" || (target == "http" && scheme_of(from) == "http");
}

bool same_origin(const std::string& a, const std::string& b) {
  const UrlHandle first = parse_url(a);
  const UrlHandle second = parse_url(b);
  if (!first || !second) return false;
  for (const CURLUPart part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
    if (url_part(first.get(), part) != url_part(second.get(), part)) return false;
  }
  return true;
}

SourceResult<HttpOutcome> http_download(const HttpSource& source, const RemoteFile& file,
                                        const std::filesystem::path& partial,
                                        const Options& options) {
  static const bool initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  ASSAY_ASSERT(initialised);
  for (int attempt = 1;; ++attempt) {
    HttpAttempt transfer(source, file, partial, options);
    SourceResult<HttpOutcome> outcome = transfer.run();
    if (outcome || !transfer.worth_another_try() || attempt >= options.attempts) return outcome;
    options.notice(fmt::format("{}; trying again (attempt {} of {})", outcome.error().error.what(),
                               attempt + 1, options.attempts));
    pause(options);
  }
}

}  // namespace assay::fetch
