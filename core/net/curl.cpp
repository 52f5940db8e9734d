#include "core/net/curl.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/error.h"

namespace assay::net {
namespace {

constexpr const char* kUserAgent = "assay";

}  // namespace

void require_curl() {
  static const bool initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  ASSAY_ASSERT(initialised);
}

void add_header(HeaderList* list, const std::string& line) {
  curl_slist* grown = curl_slist_append(list->get(), line.c_str());
  ASSAY_ASSERT(grown != nullptr);
  [[maybe_unused]] curl_slist* same = list->release();
  list->reset(grown);
}

void set_common_options(CURL* curl, const std::string& url, const std::string& ca_bundle) {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, kUserAgent);
  if (!ca_bundle.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_bundle.c_str());
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool looks_like_a_web_page(std::string_view bytes) {
  const std::string start = lower(trim(bytes.substr(0, 64)));
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

void AnswerHeaders::add_line(std::string_view line) {
  bytes_ += line.size();
  if (line.starts_with("HTTP/")) {
    fields_.clear();
    status_ = 0;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return;
    const std::string_view code = line.substr(space + 1, 3);
    std::from_chars(code.data(), code.data() + code.size(), status_);
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    fields_[lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
  }
}

void AnswerHeaders::clear() {
  *this = AnswerHeaders();
}

std::string AnswerHeaders::get(const std::string& name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? std::string() : found->second;
}

}  // namespace assay::net
