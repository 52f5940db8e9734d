#include "backends/http/body.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace assay::http {
namespace {

using nlohmann::json;

// OpenAI takes no more; the others are applied to the text as it comes.
constexpr std::size_t kMostStopStrings = 4;

bool one_of(const std::string& server, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return server == name; });
}

void add_sampling(const Dialect& dialect, const Ask& ask, json* body) {
  const Sampling& sampling = ask.sampling;
  (*body)["temperature"] = sampling.temperature;
  if (sampling.greedy()) return;
  (*body)["top_p"] = sampling.top_p;
  (*body)["seed"] = ask.seed;
  // Servers have defaults of their own (top-k 40, min-p 0.05), so "none" must be said. What a
  // person asked for is always sent: a server that does not know it must say so.
  const bool vllm = dialect.server == "vllm";
  if (dialect.extra_fields || sampling.top_k > 0) {
    (*body)["top_k"] = sampling.top_k == 0 && vllm ? -1 : sampling.top_k;
  }
  if (dialect.extra_fields || sampling.min_p > 0) (*body)["min_p"] = sampling.min_p;
}

void add_messages(const Dialect& dialect, const Prompt& prompt, json* body) {
  json messages = json::array();
  for (const Message& message : prompt.messages) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  if (!prompt.assistant_prefix.empty()) {
    messages.push_back({{"role", "assistant"}, {"content", prompt.assistant_prefix}});
    if (one_of(dialect.server, {"vllm", "assay"})) (*body)["continue_final_message"] = true;
    if (dialect.server == "vllm") (*body)["add_generation_prompt"] = false;
  }
  (*body)["messages"] = std::move(messages);
}

Result<void> add_raw_prompt(const Dialect& dialect, const Prompt& prompt,
                            const LocalVocabulary& vocabulary, json* body) {
  if (!vocabulary.render) {
    (*body)["prompt"] = prompt.raw + prompt.assistant_prefix;
    return {};
  }
  const Result<RenderedPrompt> rendered = vocabulary.render(prompt);
  if (!rendered) return tl::unexpected(rendered.error());
  if (dialect.send_ids) {
    (*body)["prompt"] = rendered->ids;
  } else {
    (*body)["prompt"] = rendered->text;
  }
  return {};
}

}  // namespace

Dialect dialect_of(const Options& options, const EndpointFacts& facts, bool thinking) {
  Dialect out;
  out.api = options.api;
  out.model = facts.model;
  out.server = facts.server;
  out.stream = options.stream;
  out.cache = options.cache;
  out.thinking = thinking;
  out.send_ids =
      options.prompt == PromptForm::ids || (options.prompt == PromptForm::automatic &&
                                            one_of(facts.server, {"llama.cpp", "vllm", "assay"}));
  out.extra_fields = options.fields == Fields::all ||
                     (options.fields == Fields::automatic &&
                      one_of(facts.server, {"llama.cpp", "vllm", "mlx", "assay"}));
  return out;
}

bool sends_stop_strings(const Dialect& dialect, const Prompt& prompt) {
  return !dialect.thinking && !prompt.stop_strings.empty();
}

Result<std::string> completion_body(const Dialect& dialect, const Ask& ask,
                                    const LocalVocabulary& vocabulary) {
  const Prompt& prompt = *ask.prompt;
  json body = {{"model", dialect.model}, {"max_tokens", ask.max_new_tokens}};
  if (dialect.api == Api::chat) {
    add_messages(dialect, prompt, &body);
  } else if (Result<void> added = add_raw_prompt(dialect, prompt, vocabulary, &body); !added) {
    return tl::unexpected(added.error());
  }
  add_sampling(dialect, ask, &body);
  if (sends_stop_strings(dialect, prompt)) {
    std::vector<std::string> stops = prompt.stop_strings;
    stops.resize(std::min(stops.size(), kMostStopStrings));
    body["stop"] = stops;
  }
  body["stream"] = dialect.stream;
  if (dialect.stream) body["stream_options"] = {{"include_usage", true}};
  if (dialect.server == "llama.cpp") body["cache_prompt"] = dialect.cache;
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> field_names(const Dialect& dialect, const Sampling& sampling) {
  Prompt prompt;
  prompt.messages = {{"user", "x"}};
  Ask ask;
  ask.prompt = &prompt;
  ask.sampling = sampling;
  std::vector<std::string> names;
  const json body = json::parse(*completion_body(dialect, ask, {}));
  for (const auto& [name, value] : body.items()) names.push_back(name);
  return names;
}

}  // namespace assay::http
