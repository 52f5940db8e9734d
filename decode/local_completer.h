// Lifts a Session to a Completer: continuous batching, one sampler, stop rules, the one clock.
//
// A request's tokens depend on the request alone: not on what else runs beside it, on the order of
// requests, or on the number of threads. Samples of one prompt share its prefill (a fork of the
// sequence), which changes no bit.
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
