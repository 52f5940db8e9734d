#include "backends/http/exchange.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/net/url.h"

namespace assay::http {
namespace {

constexpr int kMaxRedirects = 5;
constexpr std::size_t kMaxHeaderBytes = 256 << 10;
constexpr std::size_t kMaxErrorBytes = 64 << 10;
constexpr std::size_t kMaxAnswerBytes = std::size_t{16} << 20;

long milliseconds(double seconds) {
  return static_cast<long>(std::max(1.0, seconds * 1e3));
}

}  // namespace

Exchange::Exchange(const Options& options, Target target, const std::string& body)
    : options_(options),
      target_(std::move(target)),
      handle_(curl_easy_init()),
      is_get_(body.empty()) {
  ASSAY_ASSERT(handle_ != nullptr);
  CURL* curl = handle_.get();
  net::set_common_options(curl, target_.url, options.ca);
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout_s));
  if (!body.empty()) {
    net::add_header(&headers_sent_, "Content-Type: application/json");
    net::add_header(&headers_sent_, "Expect:");  // else libcurl waits for a 100 before large bodies
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  if (target_.with_secret && !options.key.empty()) {
    net::add_header(&headers_sent_, "Authorization: Bearer " + options.key);
  } else if (target_.with_secret && !options.url.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, options.url.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options.url.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_sent_.get());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Exchange::take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Exchange::take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
}

std::size_t Exchange::take_header(char* data, std::size_t size, std::size_t n, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  exchange.headers_.add_line({data, size * n});
  exchange.flooded_ = exchange.headers_.bytes() > kMaxHeaderBytes;
  return exchange.flooded_ ? 0 : size * n;
}

std::size_t Exchange::take_body(char* data, std::size_t size, std::size_t n, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  const std::string_view bytes(data, size * n);
  if (exchange.status() >= 300) {
    const std::size_t room = kMaxErrorBytes - exchange.error_body_.size();
    exchange.error_body_ += bytes.substr(0, room);
    exchange.stopped_ = bytes.size() > room;
  } else {
    exchange.stopped_ = exchange.on_body && !exchange.on_body(bytes);
  }
  return exchange.stopped_ ? CURL_WRITEFUNC_ERROR : bytes.size();
}

Exchange::End Exchange::redirect() const {
  char* text = nullptr;
  curl_easy_getinfo(handle_.get(), CURLINFO_REDIRECT_URL, &text);
  const std::string to = text != nullptr ? text : "";
  const std::string shown = net::display_url(target_.url);
  const auto refused = [&](std::string why) {
    return End{{}, Failure{"redirect", fmt::format("{} redirects {}", shown, why), false, 0}};
  };
  const std::optional<net::Url> url = net::parse_http_url(to);
  if (!url) return refused("to what is no http or https URL");
  if (!net::redirect_allowed(target_.url, to)) return refused("from HTTPS to HTTP");
  if (target_.hops >= kMaxRedirects) return refused("without end");
  // Other redirects would turn a question into a GET without its body.
  if (!is_get_ && status() != 307 && status() != 308) {
    return refused(
        fmt::format("with status {} to {}: give that URL", status(), net::display_url(to)));
  }
  const bool same = net::same_origin(target_.url, to);
  return {Target{url->text, target_.with_secret && same, target_.hops + 1}, {}};
}

Exchange::End Exchange::end(CURLcode code) const {
  if (flooded_) {
    return {{}, Failure{"bad_http", "the answer's headers do not end", false, 0}};
  }
  const bool answered = code == CURLE_OK || (stopped_ && status() >= 300);
  if (answered && status() >= 300 && status() < 400 && status() != 304) return redirect();
  if (answered && status() >= 300) {
    return {{}, status_failure(status(), error_body_, headers_.get("retry-after"), target_.url)};
  }
  if (code != CURLE_OK && !stopped_) return {{}, transport_failure(code, target_.url)};
  return {};
}

Answer ask(const Options& options, const std::string& url, const std::string& body,
           double timeout_s) {
  Target target{url, true, 0};
  while (true) {
    Answer answer;
    Exchange exchange(options, target, body);
    bool too_long = false;
    exchange.on_body = [&](std::string_view bytes) {
      too_long = answer.body.size() + bytes.size() > kMaxAnswerBytes;
      if (!too_long) answer.body += bytes;
      return !too_long;
    };
    curl_easy_setopt(exchange.handle(), CURLOPT_TIMEOUT_MS, milliseconds(timeout_s));
    const Exchange::End end = exchange.end(curl_easy_perform(exchange.handle()));
    if (end.next) {
      target = *end.next;
      continue;
    }
    answer.failure = end.failure;
    if (too_long) answer.failure = Failure{"endless_stream", "the answer does not end", false, 0};
    if (answer.failure) answer.failure->text = options.secrets.scrub(answer.failure->text);
    answer.status = exchange.status();
    answer.server_header = exchange.headers().get("server");
    return answer;
  }
}

}  // namespace assay::http
