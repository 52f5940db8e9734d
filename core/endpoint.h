// A Completer that answers from elsewhere: a server that somebody else runs. It has no logits and
// proves nothing about its weights, so it is asked what it does before it is measured.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/completer.h"
#include "core/error.h"

namespace assay {

/// A prompt as the local template and vocabulary write it.
struct RenderedPrompt {
  std::string text;  ///< without a BOS that the vocabulary adds as an id
  std::vector<TokenId> ids;
};

/// The model's vocabulary and template on this machine, as far as there are any. Callables may be
/// null; they are called from the thread that runs the endpoint.
struct LocalVocabulary {
  std::function<std::vector<TokenId>(std::string_view)> encode;  ///< control tokens recognised
  std::function<Result<RenderedPrompt>(const Prompt&)> render;
  TokenId end_token = -1;  ///< what ends a turn
  TokenId bos = -1;
};

struct EndpointRequest {
  std::map<std::string, std::string> options;  ///< from --backend name:opt=val,...
  std::int64_t concurrency = 1;                ///< where the options name none
  LocalVocabulary vocabulary;
  std::function<double()> clock;  ///< monotonic seconds: the harness holds the one clock
};

/// What was found out when the endpoint was first reached.
struct EndpointFacts {
  std::string model;                    ///< the served model's name
  std::string server;                   ///< "llama.cpp", "vllm", ...; empty: not known
  std::optional<std::int64_t> context;  ///< positions that it says a sequence may have
  bool thinks = false;                  ///< its first reply had a thinking part
};

/// What an endpoint said beside the text, and how it said it.
struct ServerReply {
  /// Where the text came from: "content", "text" (raw completions), "reasoning_content" or
  /// "reasoning" (the thinking part apart), "inline" (<think> within the content).
  std::string form;
  std::string finish_reason;  ///< the server's own word; empty: it said none
  std::string error_class;    ///< "http_429", "timeout", ...; empty without an error
  std::int64_t attempts = 1;  ///< requests made for this completion
  /// usage{} as claimed; never used as a count.
  std::optional<std::int64_t> usage_prompt_tokens;
  std::optional<std::int64_t> usage_completion_tokens;
  /// The server's own stopwatch, where it shows one.
  std::optional<std::int64_t> server_decode_tokens;
  std::optional<double> server_decode_ms;
  std::optional<std::int64_t> server_prefill_tokens;
  std::optional<double> server_prefill_ms;
  std::vector<std::string> notes;  ///< codes of what was odd: "no_done", "usage_differs", ...
};

struct EndpointCompletion : Completion {
  bool tokens_known = true;  ///< false: a text without a local vocabulary
  bool times_known = true;   ///< false: the reply came in one piece
  ServerReply reply;
};
using EndpointSink = std::function<void(const Request&, EndpointCompletion)>;

/// What a run is going to ask for; the probes ask for the same.
struct EndpointNeeds {
  std::int64_t longest_prompt = 0;    ///< tokens; 0: not known
  std::int64_t longest_sequence = 0;  ///< with the budget; 0: not known
  std::optional<Prompt> example;      ///< a prompt of the run
  Sampling sampling;
  bool thinking = false;          ///< the chain profile
  bool opened_by_prompt = false;  ///< the template's generation prompt holds <think>
};

class Endpoint : public Completer {
 public:
  /// Reaches the server, chooses the model. Error{environment} that says what is wrong: no
  /// connection, no access, no such model (with those it has).
  virtual Result<EndpointFacts> connect() = 0;
  /// As run(), with what only an endpoint knows.
  virtual RunTotals answer(const RequestSource& source, const EndpointSink& sink,
                           const std::function<bool()>& cancelled) = 0;
  RunTotals run(const RequestSource& source, const CompletionSink& sink,
                const std::function<bool()>& cancelled) final {
    return answer(
        source,
        [&sink](const Request& request, EndpointCompletion it) { sink(request, std::move(it)); },
        cancelled);
  }
  /// How the run's prompts and replies are to be read; before answer() and probe().
  virtual void prepare(const EndpointNeeds& needs) = 0;
  /// Asks small questions and returns what was found, as report.json's `endpoint.probes`. A failure
  /// only for what makes every score of the run wrong. `tell` names each probe as it begins.
  virtual Result<nlohmann::json> probe(const EndpointNeeds& needs,
                                       const std::function<void(const std::string&)>& tell,
                                       const std::function<bool()>& cancelled) = 0;
  /// Who this is, for the journal: url without secrets, api, and further settings that decide what
  /// is asked.
  virtual nlohmann::json identity() const = 0;
  /// The options without anything secret.
  virtual std::map<std::string, std::string> public_options() const = 0;
  virtual std::int64_t concurrency() const = 0;
  /// Error{usage} for a prompt that the chosen API cannot carry.
  virtual Result<void> accepts(const Prompt& prompt) const = 0;
  /// One line for each probe that probe() would make.
  virtual std::vector<std::string> planned_probes() const = 0;
};

}  // namespace assay
