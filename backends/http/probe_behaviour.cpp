// Seed, repeatability and stop strings: how a server answers the same question again.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

#include "backends/http/probes.h"
#include "core/text.h"

namespace assay::http {
namespace {

using nlohmann::json;

constexpr std::int64_t kShortTokens = 24;
constexpr std::int64_t kChainTokens = 512;
constexpr std::int64_t kMostBeside = 4;

Sampling warm_sampling() {
  Sampling sampling;
  sampling.temperature = 1;
  return sampling;
}

EndpointCompletion greedy(const ProbeContext& context, const Prompt& prompt) {
  return context.endpoint.complete(prompt, Sampling{}, 0, kShortTokens, context.cancelled);
}

json failed(const EndpointCompletion& completion) {
  return finding("failed", completion.error);
}

Prompt counting(const HttpEndpoint& endpoint) {
  return question(endpoint, "Count from one to twenty in words, separated by commas.");
}

/// The same question several times at once; whether all texts are `text`. Nothing when one failed.
std::optional<bool> same_beside_others(const ProbeContext& context, const Prompt& prompt,
                                       const std::string& text) {
  const std::int64_t n = std::min(kMostBeside, context.endpoint.concurrency());
  if (n < 2) return std::nullopt;
  std::int64_t asked = 0;
  bool same = true;
  bool sound = true;
  context.endpoint.answer(
      [&]() -> std::optional<Request> {
        if (asked >= n) return std::nullopt;
        Request request;
        request.sample = static_cast<std::int32_t>(asked++);
        request.prompt = prompt;
        request.max_new_tokens = kShortTokens;
        return request;
      },
      [&](const Request&, const EndpointCompletion& completion) {
        sound = sound && completion.stop != StopReason::error;
        same = same && completion.text == text;
      },
      context.cancelled);
  return sound ? std::optional(same) : std::nullopt;
}

/// A word behind the first third of the part from `begin` to `end` that stands there for the first
/// time; of a text without one (small models count in digits), three characters.
std::string word_to_stop_at(const std::string& text, std::size_t begin, std::size_t end) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto is_visible = [](char c) { return std::isgraph(static_cast<unsigned char>(c)) != 0; };
  constexpr std::size_t kLeast = 3;
  const std::size_t third = begin + (end - begin) / 3;
  for (std::size_t i = third; i < end; ++i) {
    if (!is_letter(text[i]) || (i > begin && is_letter(text[i - 1]))) continue;
    std::size_t behind = i;
    while (behind < end && is_letter(text[behind])) ++behind;
    const std::string word = text.substr(i, behind - i);
    if (word.size() >= kLeast && behind < end && text.find(word, begin) == i) return word;
  }
  for (std::size_t i = third; i + kLeast < end; ++i) {
    const std::string piece = text.substr(i, kLeast);
    const bool visible = std::all_of(piece.begin(), piece.end(), is_visible);
    if (visible && text.find(piece, begin) == i) return piece;
  }
  return {};
}

/// Where the answer begins: behind the thinking part, if there is one; npos: that has no end.
std::size_t answer_begin(const ProbeContext& context, const EndpointCompletion& reply) {
  constexpr std::string_view kClose = "</think>";
  const std::size_t close = reply.text.find(kClose);
  if (close != std::string::npos) return close + kClose.size();
  const bool thinks = reply.reply.form.starts_with("reasoning") ||
                      reply.text.find("<think>") != std::string::npos ||
                      (context.needs.thinking && context.needs.opened_by_prompt);
  return thinks ? std::string::npos : 0;
}

/// A greedy text with an answer, if one comes within a budget that a short chain of thought fits.
EndpointCompletion text_with_answer(const ProbeContext& context, const Prompt& prompt,
                                    std::int64_t* budget) {
  *budget = kShortTokens;
  EndpointCompletion reply = greedy(context, prompt);
  const std::size_t begin = answer_begin(context, reply);
  const bool has_word =
      begin != std::string::npos && !word_to_stop_at(reply.text, begin, reply.text.size()).empty();
  if (begin == 0 || has_word || reply.stop != StopReason::length) return reply;
  *budget = kChainTokens;
  return context.endpoint.complete(prompt, Sampling{}, 0, *budget, context.cancelled);
}

/// Whether a stop string ends a chain of thought, which servers differ in; null: not known.
json stops_inside(const ProbeContext& context, Prompt prompt, const EndpointCompletion& whole,
                  std::size_t end) {
  constexpr std::size_t kSoon = 3 * kShortTokens;  // bytes that so many tokens surely have
  const std::string word =
      word_to_stop_at(whole.text, 0, std::min({end, whole.text.size(), kSoon}));
  if (end == 0 || word.empty()) return nullptr;
  prompt.stop_strings = {word};
  const EndpointCompletion cut =
      context.endpoint.complete_as_sent(prompt, kShortTokens, context.cancelled);
  if (cut.stop == StopReason::error) return nullptr;
  const std::size_t at = cut.text.find(word);
  const bool ends_there = at == std::string::npos || at + word.size() == cut.text.size();
  if (!ends_there) return false;
  // A budget that ended it before the word tells nothing.
  return cut.reply.finish_reason == "stop" ? json(true) : json(nullptr);
}

json judge_stop(const std::string& answer, const std::string& cut, const std::string& word) {
  const std::size_t at = cut.find(word);
  if (at == std::string::npos && cut.size() < answer.size()) {
    return finding("honoured", "the text ends before the stop string");
  }
  if (at == std::string::npos) {
    return finding("unclear", "the text came out another way, without the word");
  }
  if (at + word.size() == cut.size()) {
    return finding("kept in the text", "the text ends behind the stop string: it is cut here");
  }
  return finding("ignored", "the text goes on behind the stop string: it is cut here");
}

}  // namespace

json probe_seed(const ProbeContext& context) {
  const Prompt prompt = question(context.endpoint, "Write one short sentence about the sea.");
  std::vector<std::string> texts;
  for (const std::uint64_t seed : {1, 1, 2, 3}) {
    const EndpointCompletion reply =
        context.endpoint.complete(prompt, warm_sampling(), seed, kShortTokens, context.cancelled);
    if (reply.stop == StopReason::error) return failed(reply);
    texts.push_back(reply.text);
  }
  if (texts[0] != texts[1]) {
    return finding("ignored", "one seed gave two texts at temperature 1",
                   "the server does not honour seeds: sampled texts of this run cannot be made "
                   "again");
  }
  if (texts[2] == texts[0] && texts[3] == texts[0]) {
    return finding("unclear", "three seeds gave one text at temperature 1");
  }
  return finding("honoured", "one seed gave one text twice, another seed another");
}

json probe_repeatability(const ProbeContext& context) {
  const Prompt prompt = counting(context.endpoint);
  const EndpointCompletion cold = greedy(context, prompt);
  const EndpointCompletion warm = greedy(context, prompt);
  const EndpointCompletion other =
      greedy(context, question(context.endpoint, "Name three colours."));
  const EndpointCompletion after = greedy(context, prompt);
  for (const EndpointCompletion* one : {&cold, &warm, &other, &after}) {
    if (one->stop == StopReason::error) return failed(*one);
  }
  const std::optional<bool> beside = same_beside_others(context, prompt, cold.text);
  const bool same = cold.text == warm.text && cold.text == after.text && beside.value_or(true);
  json out = same ? finding("same", "one greedy text each time")
                  : finding("differs", "greedy decoding gave different texts for one prompt",
                            "greedy decoding is not repeatable on this server: another run may "
                            "score otherwise");
  out["warm"] = cold.text == warm.text;
  out["after_another"] = cold.text == after.text;
  out["beside_others"] = beside ? json(*beside) : json();
  return out;
}

/// Judged by the answer alone: many servers mind stop strings only behind the thinking part, which
/// is what a run wants of them.
json probe_stop(const ProbeContext& context) {
  Prompt prompt = counting(context.endpoint);
  std::int64_t budget = 0;
  const EndpointCompletion whole = text_with_answer(context, prompt, &budget);
  if (whole.stop == StopReason::error) return failed(whole);
  const std::size_t begin = answer_begin(context, whole);
  const json inside = stops_inside(context, prompt, whole, begin);
  json out = finding("not checked", "the greedy text has no word to stop at");
  if (begin == std::string::npos) {
    out = finding("not checked",
                  fmt::format("the chain of thought has no end within {} tokens", budget));
  } else if (const std::string word = word_to_stop_at(whole.text, begin, whole.text.size());
             !word.empty()) {
    prompt.stop_strings = {word};
    const EndpointCompletion cut =
        context.endpoint.complete_as_sent(prompt, budget, context.cancelled);
    if (cut.stop == StopReason::error) return failed(cut);
    const std::size_t cut_begin = answer_begin(context, cut);
    const bool ended_inside = cut_begin == std::string::npos;
    out = ended_inside ? finding("honoured", "the chain of thought ends before the stop string")
                       : judge_stop(whole.text.substr(begin), cut.text.substr(cut_begin), word);
    if (ended_inside && inside != true) {
      out = finding("unclear", "the text came out another way, without an answer");
    }
  }
  out["inside_thinking"] = inside;
  return out;
}

}  // namespace assay::http
