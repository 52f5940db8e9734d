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

struct LocalCompleterOptions {
  ChainProfile profile;
  std::int64_t max_batch = 1;  ///< sequences decoded at once; at most the session's
  bool hash_logits = true;
};

/// Session and tokenizer must outlive it. Threads: one at a time.
std::unique_ptr<Completer> make_local_completer(Session& session, const Tokenizer& tokenizer,
                                                PromptEncoder encode,
                                                const LocalCompleterOptions& options);

}  // namespace assay
