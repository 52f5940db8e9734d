#include "serve/logprobs.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/text.h"

namespace assay::serve {

TokenLogprob logprob_of(std::span<const float> logits, TokenId token, std::int64_t n_top) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  const double log_sum = largest + std::log(sum);
  const auto at = [&](TokenId id) { return logits[static_cast<std::size_t>(id)] - log_sum; };
  TokenLogprob out;
  out.id = token;
  out.logprob = at(token);
  const auto n = static_cast<std::size_t>(std::min<std::int64_t>(n_top, std::ssize(logits)));
  if (n == 0) return out;
  std::vector<TokenId> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto better = [&](TokenId a, TokenId b) {
    const float left = logits[static_cast<std::size_t>(a)];
    const float right = logits[static_cast<std::size_t>(b)];
    return left != right ? left > right : a < b;
  };
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(n), ids.end(), better);
  for (std::size_t i = 0; i < n; ++i) out.top.emplace_back(ids[i], at(ids[i]));
  return out;
}

std::string token_name(const Tokenizer& tokenizer, TokenId id) {
  if (!tokenizer.valid(id)) return fmt::format("id:{}", id);  // of a padded vocabulary
  const std::string& bytes = tokenizer.token_bytes(id);
  if (is_valid_utf8(bytes)) return bytes;
  std::string name = "bytes:";
  for (const unsigned char byte : bytes) name += fmt::format("\\x{:02x}", byte);
  return name;
}

namespace {

Json bytes_of(const Tokenizer& tokenizer, TokenId id) {
  Json bytes = Json::array();
  if (!tokenizer.valid(id)) return bytes;
  for (const unsigned char byte : tokenizer.token_bytes(id)) bytes.push_back(byte);
  return bytes;
}

Json chat_entry(const Tokenizer& tokenizer, TokenId id, double logprob) {
  return {{"token", token_name(tokenizer, id)},
          {"logprob", logprob},
          {"bytes", bytes_of(tokenizer, id)}};
}

}  // namespace

Json chat_logprob(const Tokenizer& tokenizer, const TokenLogprob& logprob) {
  Json entry = chat_entry(tokenizer, logprob.id, logprob.logprob);
  Json top = Json::array();
  for (const auto& [id, value] : logprob.top) top.push_back(chat_entry(tokenizer, id, value));
  entry["top_logprobs"] = std::move(top);
  return entry;
}

std::size_t TextOffset::take(std::string_view text) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; };
  const bool inside = !text.empty() && continues(text.front()) && characters_ > 0;
  const std::size_t place = characters_ - (inside ? 1 : 0);
  characters_ +=
      text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues));
  return place;
}

Json completion_logprobs(const Tokenizer& tokenizer, std::span<const TokenLogprob> logprobs,
                         bool first_has_none, std::size_t n_control, TextOffset* offset) {
  Json tokens = Json::array();
  Json values = Json::array();
  Json tops = Json::array();
  Json offsets = Json::array();
  for (const TokenLogprob& one : logprobs) {
    const bool control = tokens.size() < n_control;
    tokens.push_back(token_name(tokenizer, one.id));
    const bool has_text = tokenizer.valid(one.id);
    offsets.push_back(
        offset->take(has_text ? tokenizer.decode({&one.id, 1}, control) : std::string()));
    if (first_has_none && tokens.size() == 1) {
      values.push_back(nullptr);
      tops.push_back(nullptr);
      continue;
    }
    values.push_back(one.logprob);
    Json top = Json::object();
    for (const auto& [id, value] : one.top) top[token_name(tokenizer, id)] = value;
    top[token_name(tokenizer, one.id)] = one.logprob;
    tops.push_back(std::move(top));
  }
  return {{"tokens", std::move(tokens)},
          {"token_logprobs", std::move(values)},
          {"top_logprobs", std::move(tops)},
          {"text_offset", std::move(offsets)}};
}

}  // namespace assay::serve
