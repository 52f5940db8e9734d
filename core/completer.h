// The top rung: messages -> completion. What evals see. Local models (decode/) and HTTP endpoints.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/types.h"

namespace assay {

struct Message {
  std::string role;  ///< "system", "user", "assistant"
  std::string content;
};

/// What an eval asks of a model for one problem.
struct Prompt {
  std::vector<Message> messages;  ///< chat form; empty when `raw` is used
  std::string raw;                ///< text completion form: no template
  /// Text the assistant's turn starts with, after the template ("```python\n").
  std::string assistant_prefix;
  /// End the completion; active only outside the thinking part. Not part of the text.
  std::vector<std::string> stop_strings;
};

/// How tokens are drawn (numerics/sampler.h). temperature 0 is greedy and bypasses the rest.
struct Sampling {
  double temperature = 0;
  double top_p = 1;
  std::int64_t top_k = 0;  ///< 0: all
  double min_p = 0;
  std::uint64_t seed = 0;  ///< of the run; each request derives its own
  bool greedy() const { return temperature == 0; }
};

struct Request {
  std::string key;         ///< the journal's key; unique within a run
  std::string problem_id;  ///< stable; with `sample` and the run's seed it keys the draws
  std::int32_t sample = 0;
  Prompt prompt;
  Sampling sampling;
  std::int64_t max_new_tokens = 0;
};

/// 128 bits over the bits of one position's logits (numerics/hash.h).
struct LogitsHash {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  bool operator==(const LogitsHash&) const = default;
};

struct Completion {
  std::string text;  ///< detokenised, without the end token or the stop string
  std::vector<TokenId> prompt_tokens;
  std::vector<TokenId> tokens;  ///< generated ids; an EOS id that ended it is the last one
  StopReason stop = StopReason::error;
  std::string error;  ///< why, when stop == error; the sample failed, the run goes on
  /// Of each generated position; empty when the engine has no logits.
  std::vector<LogitsHash> logits_hashes;
  /// Difference between the two largest logits of each position; empty likewise.
  std::vector<float> top2_margins;
  double queue_ms = 0;   ///< from submission to the start of prefill
  double ttft_ms = 0;    ///< from the start of prefill to the first token
  double decode_ms = 0;  ///< from the first token to the last
};

/// Pulls the next request, or nothing when there are no more (asked again only if it returned one).
using RequestSource = std::function<std::optional<Request>()>;
/// Takes a finished completion; called from the thread that called `run`, in order of completion.
using CompletionSink = std::function<void(const Request&, Completion)>;

/// Totals over a `run`, from the one clock.
struct RunTotals {
  std::int64_t prefill_tokens = 0;
  std::int64_t decode_tokens = 0;
  std::int64_t decode_steps = 0;  ///< batched forward passes of decode: each reads all weights once
  double prefill_seconds = 0;     ///< engine busy with prefill
  double decode_seconds = 0;      ///< engine busy with decode
};

class Completer {
 public:
  virtual ~Completer() = default;
  /// Runs all requests, many at once where the engine can; returns when every one was delivered or
  /// `cancelled` (polled between steps, may be null) says so. A bad sample never ends it.
  virtual RunTotals run(const RequestSource& source, const CompletionSink& sink,
                        const std::function<bool()>& cancelled) = 0;
};

}  // namespace assay
