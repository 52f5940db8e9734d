// Seed, repeatability and stop strings: how a server answers the same question again.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "backends/http/probes.h"
#include "core/text.h"

namespace assay::http {
namespace {

using nlohmann::json;

constexpr std::int64_t kShortTokens = 24;
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

/// A word of the text's second half that stands there for the first time.
std::string word_to_stop_at(const std::string& text) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  constexpr std::size_t kLeast = 3;
  for (std::size_t i = text.size() / 3; i < text.size(); ++i) {
    if (!is_letter(text[i]) || (i > 0 && is_letter(text[i - 1]))) continue;
    std::size_t end = i;
    while (end < text.size() && is_letter(text[end])) ++end;
    const std::string word = text.substr(i, end - i);
    if (word.size() >= kLeast && end < text.size() && text.find(word) == i) return word;
  }
  return {};
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

json probe_stop(const ProbeContext& context) {
  Prompt prompt = counting(context.endpoint);
  const EndpointCompletion whole = greedy(context, prompt);
  if (whole.stop == StopReason::error) return failed(whole);
  const std::string word = word_to_stop_at(whole.text);
  if (word.empty()) return finding("not checked", "the greedy text has no word to stop at");
  prompt.stop_strings = {word};
  const EndpointCompletion cut =
      context.endpoint.complete_as_sent(prompt, kShortTokens, context.cancelled);
  if (cut.stop == StopReason::error) return failed(cut);
  const std::size_t at = cut.text.find(word);
  json out;
  if (at == std::string::npos && cut.text.size() < whole.text.size()) {
    out = finding("honoured", "the text ends before the stop string");
  } else if (at != std::string::npos && at + word.size() == cut.text.size()) {
    out = finding("kept in the text", "the text ends behind the stop string: it is cut here");
  } else if (at != std::string::npos) {
    out = finding("ignored", "the text goes on behind the stop string: it is cut here");
  } else {
    out = finding("unclear", "the text came out another way, without the word");
  }
  const bool apart = cut.reply.form.starts_with("reasoning");
  out["inside_thinking"] =
      apart ? json(out["verdict"] == "honoured" && cut.reply.finish_reason == "stop") : json();
  return out;
}

}  // namespace assay::http
