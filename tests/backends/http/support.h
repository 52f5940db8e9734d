// An endpoint over a fake server, with times that no test waits for.
#pragma once

#include <fmt/core.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "backends/http/completer.h"
#include "core/clock.h"
#include "tests/support/python_server.h"

namespace assay::http::testing {

using Settings = std::map<std::string, std::string>;

/// Every byte a token: enough to count with.
inline LocalVocabulary byte_vocabulary() {
  LocalVocabulary out;
  out.encode = [](std::string_view text) {
    std::vector<TokenId> ids;
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  };
  out.end_token = 256;
  return out;
}

inline Settings quick_settings(const std::string& url, const Settings& more = {}) {
  Settings out = {{"url", url},
                  {"retry-pause", "0.001"},
                  {"retries", "3"},
                  {"first-token-timeout", "0.5"},
                  {"idle-timeout", "0.5"},
                  {"total-timeout", "5"}};
  for (const auto& [name, value] : more) out[name] = value;
  return out;
}

inline std::unique_ptr<HttpEndpoint> make_endpoint(const Settings& settings,
                                                   LocalVocabulary vocabulary = {}) {
  EndpointRequest request;
  request.options = settings;
  request.concurrency = 4;
  request.vocabulary = std::move(vocabulary);
  request.clock = now_seconds;
  return std::make_unique<HttpEndpoint>(value_or_throw(parse_options(settings, 4)), request);
}

inline Prompt chat(const std::string& text) {
  Prompt prompt;
  prompt.messages = {{"user", text}};
  return prompt;
}

inline std::vector<Request> requests(std::size_t n, const Prompt& prompt,
                                     std::int64_t max_new_tokens = 64) {
  std::vector<Request> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i].key = fmt::format("k{}", i);
    out[i].problem_id = fmt::format("p{}", i);
    out[i].prompt = prompt;
    out[i].max_new_tokens = max_new_tokens;
  }
  return out;
}

/// Runs them; the completions by key, each delivered once.
inline std::map<std::string, EndpointCompletion> run_all(HttpEndpoint& endpoint,
                                                         const std::vector<Request>& all) {
  std::map<std::string, EndpointCompletion> out;
  std::size_t next = 0;
  endpoint.answer(
      [&]() -> std::optional<Request> {
        if (next >= all.size()) return std::nullopt;
        return all[next++];
      },
      [&](const Request& request, EndpointCompletion completion) {
        ASSAY_ASSERT(out.emplace(request.key, std::move(completion)).second);
      },
      nullptr);
  return out;
}

}  // namespace assay::http::testing
