// Lifts a Session to a Completer: continuous batching, one sampler, stop rules, the one clock.
//
// A request's tokens depend on the request alone: not on what else runs beside it, on the order of
// requests, or on the number of threads. Samples of one prompt share its prefill (a fork of the
// sequence), which changes no bit.
//
// Memory: where the KV cache holds every running sequence at its full length, that much is set
// aside when a sequence starts. Where it does not, and the session can suspend, sequences are let
// in while pages are free, and the youngest waits in host memory when they run out; so does half of
// the batch when a step finds no memory at all. No sample is lost, and no bit changes.
#pragma once

#include <functional>
#include <memory>

#include "core/completer.h"
#include "core/error.h"
#include "core/session.h"
#include "model/prompt_builder.h"
#include "model/tokenizer.h"

namespace assay {

/// Prompt -> ids; a failure fails that sample alone.
using PromptEncoder = std::function<Result<std::vector<TokenId>>(const Prompt&)>;

/// What a server knows of a request that a Request does not say: its clients send ids and seeds.
struct PreparedRequest {
  std::vector<TokenId> prompt;  ///< ids as they are: no template, no tokenizer, no BOS
  std::uint64_t draw_seed = 0;  ///< numerics::request_seed itself
  bool thinking_open = false;   ///< the completion starts inside a thinking part
};

/// A token that was drawn for a request.
struct DrawnToken {
  TokenId token = 0;
  std::int64_t index = 0;         ///< of the generated position
  std::span<const float> logits;  ///< as computed, before constrain(); see wants_logits()
  std::string_view settled_text;  ///< of the completion so far: nothing can take it back
};

/// What a server tells, sees and decides while its completions are made: with a watcher, `run` has
/// no end of its own, and prompts are not encoded here. All calls come from run()'s thread.
class DecodeWatcher {
 public:
  virtual ~DecodeWatcher() = default;
  /// Nothing runs and the source has nothing now: waits until it may have, or `cancelled`.
  virtual void idle() = 0;
  /// Of a request that the source gave; must live until it is delivered.
  virtual const PreparedRequest& prepared(const Request& request) = 0;
  /// Polled between steps: nobody waits for it any more. It ends with StopReason::error.
  virtual bool abandoned(const Request& request) = 0;
  /// Whether prompt_logits() is to be called for this request.
  virtual bool wants_prompt_logits(const Request& request) = 0;
  /// Logits [n, vocab] after each of the prompt's tokens from `first` on, in pieces, in order.
  virtual void prompt_logits(const Request& request, std::int64_t first,
                             std::span<const float> logits) = 0;
  /// Before a draw. True: it is made from `allowed`, which this call filled, in place of `logits`.
  virtual bool constrain(const Request& request, std::span<const float> logits,
                         std::vector<float>& allowed) = 0;
  /// Whether constrain() or drawn() needs the next logits of this request. In a step where nobody's
  /// are needed they stay on the device: constrain() is not called, and drawn() sees none.
  virtual bool wants_logits(const Request& request) = 0;
  virtual void drawn(const Request& request, const DrawnToken& token) = 0;
};

struct LocalCompleterOptions {
  ChainProfile profile;
  std::int64_t max_batch = 1;  ///< sequences decoded at once; at most the session's
  bool hash_logits = true;
  /// Null: none. Must outlive the completer. Long prompts then let the running sequences take a
  /// step between their chunks.
  DecodeWatcher* watcher = nullptr;
};

/// Session and tokenizer must outlive it. Threads: one at a time.
std::unique_ptr<Completer> make_local_completer(Session& session, const Tokenizer& tokenizer,
                                                PromptEncoder encode,
                                                const LocalCompleterOptions& options);

}  // namespace assay
