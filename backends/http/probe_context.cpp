// Template and context: whether the server feeds the model what the run means to ask.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/http/probes.h"
#include "core/json_access.h"
#include "core/text.h"

namespace assay::http {
namespace {

using nlohmann::json;

constexpr std::int64_t kAnswerTokens = 24;
constexpr std::int64_t kLongestNeedle = 16384;  ///< with its answer
constexpr std::int64_t kShortPrompt = 64;
constexpr std::size_t kBytesPerToken = 4;  // where no vocabulary counts
constexpr const char* kCode = "7391";

std::vector<TokenId> ids_of(const json& list) {
  std::vector<TokenId> ids;
  for (const json& item : list) {
    const json& id = item.is_object() ? json_member(item, "id") : item;
    if (id.is_number_integer()) ids.push_back(id.get<TokenId>());
  }
  return ids;
}

json messages_of(const Prompt& prompt) {
  json messages = json::array();
  for (const Message& message : prompt.messages) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  return messages;
}

json post(const HttpEndpoint& endpoint, const std::string& path, const json& body) {
  const std::string text = body.dump(-1, ' ', false, json::error_handler_t::replace);
  const Answer answer =
      ask(endpoint.options(), root_url(endpoint.options(), path), text, kAskTimeout_s);
  if (answer.failure) return {};
  return parse_json(answer.body).value_or(json());
}

/// The prompt's ids as the server makes them; empty where it does not tell.
std::vector<TokenId> their_ids(const HttpEndpoint& endpoint, const Prompt& prompt) {
  const std::string& server = endpoint.facts().server;
  if (server == "llama.cpp") {
    const json rendered = post(endpoint, "/apply-template", {{"messages", messages_of(prompt)}});
    const std::string text = json_text(rendered, "prompt");
    if (text.empty()) return {};
    const json tokens = post(endpoint, "/tokenize",
                             {{"content", text}, {"add_special", true}, {"parse_special", true}});
    return ids_of(json_list(tokens, "tokens"));
  }
  if (server == "vllm" || server == "assay") {
    const json tokens = post(endpoint, "/tokenize",
                             {{"model", endpoint.facts().model},
                              {"messages", messages_of(prompt)},
                              {"add_generation_prompt", true}});
    return ids_of(json_list(tokens, "tokens"));
  }
  return {};
}

/// What the two beginnings and ends say; equal ones apart.
json compare_ids(const std::vector<TokenId>& ours, const std::vector<TokenId>& theirs,
                 const LocalVocabulary& vocabulary) {
  if (ours == theirs) return finding("same ids", "the server writes the prompt as we do");
  const TokenId bos = vocabulary.bos;
  if (bos >= 0 && theirs.size() > 1 && theirs[0] == bos && theirs[1] == bos) {
    return finding("two BOS", "the server's prompt begins with two BOS tokens",
                   "the server's prompts begin with two BOS tokens, which costs scores: correct "
                   "its template, or use api=completions");
  }
  if (theirs.size() < ours.size() && std::equal(theirs.begin(), theirs.end(), ours.begin())) {
    for (const char* opening : {"<think>\n", "<think>"}) {
      const std::vector<TokenId> ids = vocabulary.encode(opening);
      const std::vector<TokenId> rest(ours.begin() + std::ssize(theirs), ours.end());
      if (rest != ids) continue;
      return finding("no <think>", "our prompt ends with <think>, the server's does not",
                     "the server's prompt lacks the <think> that the model's template ends with");
    }
  }
  const auto [at, unused] = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  return finding("differs",
                 fmt::format("the prompts part at token {}", std::distance(ours.begin(), at)),
                 "the server writes prompts otherwise than the local template does");
}

json compare_counts(std::int64_t ours, std::int64_t theirs, const ProbeContext& context) {
  if (ours == theirs) return finding("same count", "usage counts as many tokens as we do");
  const std::int64_t more = theirs - ours;
  std::string guess;
  if (more == 1 && context.endpoint.vocabulary().bos >= 0) guess = ": two BOS tokens?";
  if (more < 0 && more >= -3 && context.needs.opened_by_prompt) guess = ": is <think> missing?";
  const std::string why =
      fmt::format("usage counts {} tokens in a prompt of {}{}", theirs, ours, guess);
  return finding("differs", why,
                 "the server writes prompts otherwise than the local template does: " + why);
}

/// A text that begins with the code word, with so many lines and words behind it.
std::string haystack(std::int64_t lines, std::int64_t words) {
  std::string text = fmt::format("The secret code is {}. Remember it.\n", kCode);
  for (std::int64_t i = 1; i <= lines; ++i) {
    text += fmt::format("Line {}: the river is quiet this morning.\n", i);
  }
  for (std::int64_t i = 0; i < words; ++i) text += "so ";
  return text + "What is the secret code? Answer with the code only.";
}

struct Needle {
  EndpointCompletion reply;
  std::int64_t asked = 0;   ///< tokens of the prompt, by our count or estimated
  bool is_counted = false;  ///< with the template's
  bool found = false;
};

/// Tokens of the prompt with all that the template adds; without a template, of the text alone.
std::int64_t count_of(const HttpEndpoint& endpoint, const std::string& text, bool* is_counted) {
  const LocalVocabulary& vocabulary = endpoint.vocabulary();
  if (vocabulary.render) {
    const Result<RenderedPrompt> rendered = vocabulary.render(question(endpoint, text));
    *is_counted = rendered.has_value();
    if (rendered) return std::ssize(rendered->ids);
  }
  if (vocabulary.encode) return std::ssize(vocabulary.encode(text));
  return static_cast<std::int64_t>(text.size() / kBytesPerToken);
}

/// The most of `add` (from 0 on) that keep the count of make(n) within the tokens.
template <class Make>
std::int64_t most_within(const HttpEndpoint& endpoint, std::int64_t tokens, std::int64_t most,
                         const Make& make) {
  bool ignored = false;
  std::int64_t fits = 0;
  for (std::int64_t step = most; step > 0; step /= 2) {
    while (fits + step <= most && count_of(endpoint, make(fits + step), &ignored) <= tokens) {
      fits += step;
    }
  }
  return fits;
}

/// A prompt of just so many tokens, or hardly fewer; never more, unless the shortest has more.
std::string haystack_of(const HttpEndpoint& endpoint, std::int64_t tokens) {
  constexpr std::int64_t kWords = 64;  // more than a line has tokens
  const std::int64_t lines = most_within(endpoint, tokens, std::max<std::int64_t>(tokens / 4, 1),
                                         [](std::int64_t n) { return haystack(n, 0); });
  const std::int64_t words =
      most_within(endpoint, tokens, kWords, [lines](std::int64_t n) { return haystack(lines, n); });
  return haystack(lines, words);
}

Needle ask_needle(const ProbeContext& context, std::int64_t tokens) {
  HttpEndpoint& endpoint = context.endpoint;
  const std::string text = haystack_of(endpoint, tokens);
  Needle out;
  out.asked = count_of(endpoint, text, &out.is_counted);
  out.reply =
      endpoint.complete(question(endpoint, text), Sampling{}, 0, kAnswerTokens, context.cancelled);
  out.found = out.reply.text.find(kCode) != std::string::npos;
  return out;
}

/// The largest count of prompt tokens that the server admits to, if it does.
std::optional<std::int64_t> reported(const EndpointCompletion& reply) {
  std::optional<std::int64_t> out = reply.reply.usage_prompt_tokens;
  if (!out) out = reply.reply.server_prefill_tokens;
  return out;
}

std::string too_short(std::int64_t planned, const std::string& what) {
  return fmt::format(
      "sequences of this run may have {} tokens, and the server {}: what is longer "
      "is lost without a word",
      planned, what);
}

json judge_needle(const ProbeContext& context, const Needle& control, const Needle& needle) {
  const std::int64_t planned = context.needs.longest_sequence;
  const EndpointCompletion& reply = needle.reply;
  if (reply.stop == StopReason::error) {
    const bool refused = reply.reply.error_class == "http_4xx";
    if (!refused) return finding("failed", reply.error);
    return finding("refused", reply.error, too_short(planned, "refuses such a prompt"));
  }
  if (needle.found) return finding("holds", "the code word was found");
  const std::optional<std::int64_t> count = reported(reply);
  // Where the length was estimated, only a large gap means something.
  const double share = needle.is_counted ? 0.95 : 0.5;
  const bool lacks =
      count && static_cast<double>(*count) < share * static_cast<double>(needle.asked) - 16;
  if (lacks) {
    return finding("truncated",
                   fmt::format("of {} tokens the server counts {}, and the code word is lost",
                               needle.asked, *count),
                   too_short(planned, fmt::format("kept {} of {}", *count, needle.asked)));
  }
  // What the server says it read is only its word; what was lost is seen.
  if (control.found) {
    const std::string lost = "the code word was found in a short prompt and lost in a long one";
    const std::string warning = too_short(planned, "seems to drop the beginning of long prompts");
    if (!count) return finding("truncated", lost, warning);
    return finding("unclear", fmt::format("{}, though the server counts {} tokens", lost, *count),
                   warning);
  }
  if (count) return finding("holds", "by the server's count; the model repeats no code word");
  return finding("unclear", "the model does not repeat a code word, at any length");
}

}  // namespace

json probe_template(const ProbeContext& context) {
  const HttpEndpoint& endpoint = context.endpoint;
  const LocalVocabulary& vocabulary = endpoint.vocabulary();
  if (!vocabulary.render) return finding("not checked", "no local template: give --model");
  const Prompt prompt = context.needs.example.value_or(question(endpoint, "What is 2 + 2?"));
  const Result<RenderedPrompt> ours = vocabulary.render(prompt);
  if (!ours) return finding("not checked", ours.error().line());
  json out;
  std::vector<TokenId> theirs;
  const bool templated = endpoint.options().api == Api::chat && prompt.assistant_prefix.empty();
  if (templated) theirs = their_ids(endpoint, prompt);
  std::optional<std::int64_t> count;
  if (!theirs.empty()) {
    count = std::ssize(theirs);
    out = compare_ids(ours->ids, theirs, vocabulary);
    out["how"] = "ids of /tokenize";
  } else {
    const EndpointCompletion one =
        context.endpoint.complete(prompt, Sampling{}, 0, 1, context.cancelled);
    if (one.stop == StopReason::error) return finding("failed", one.error);
    count = reported(one);
    out = count ? compare_counts(std::ssize(ours->ids), *count, context)
                : finding("not checked", "the server tells neither ids nor usage");
    out["how"] = count ? json("usage.prompt_tokens") : json();
  }
  out["ours"] = ours->ids.size();
  out["theirs"] = count ? json(*count) : json();
  return out;
}

json probe_context(const ProbeContext& context) {
  const std::int64_t planned = context.needs.longest_sequence;
  if (planned <= 0) return finding("not checked", "the length of the run's sequences is not known");
  const std::int64_t probed = std::min(planned, kLongestNeedle);
  const std::int64_t tokens = std::max<std::int64_t>(probed - kAnswerTokens, 1);
  const Needle control = ask_needle(context, std::min<std::int64_t>(tokens, kShortPrompt));
  const Needle needle = ask_needle(context, tokens);
  json out = judge_needle(context, control, needle);
  const std::optional<std::int64_t> stated = context.endpoint.facts().context;
  if (stated && *stated < planned && out["warning"].is_null()) {
    out["warning"] = too_short(planned, fmt::format("has a context of {}", *stated));
  }
  if (probed < planned && out["verdict"] == "holds") {
    const std::string part = fmt::format("only {} of {} tokens were tried", probed, planned);
    out["why"] = fmt::format("{}; {}", out["why"].get<std::string>(), part);
    if (!stated) {
      out["warning"] =
          fmt::format("whether sequences as long as this run's fit is not known: {}", part);
    }
  }
  out["planned"] = planned;
  out["stated"] = stated ? json(*stated) : json();
  out["asked"] = needle.is_counted ? json(needle.asked) : json();
  const std::optional<std::int64_t> count = reported(needle.reply);
  out["reported"] = count ? json(*count) : json();
  out["code_word"] = needle.reply.stop == StopReason::error ? json() : json(needle.found);
  return out;
}

}  // namespace assay::http
