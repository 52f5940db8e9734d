#include "decode/local_completer.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "core/clock.h"
#include "core/numerics/hash.h"
#include "core/numerics/sampler.h"
#include "decode/stop_rules.h"

namespace assay {
namespace {

/// A request that was taken from the source and encoded, and waits for room.
struct Waiting {
  Request request;
  std::vector<TokenId> prompt;
  std::string error;  ///< why it cannot run
  double taken_at = 0;
};

/// A request whose tokens are being generated.
struct Running {
  Request request;
  Completion completion;
  StopRules rules;
  SequenceId sequence = 0;
  std::uint64_t draw_seed = 0;
  std::int64_t pages = 0;  ///< that it may come to need
  double first_token_at = 0;
};

std::int64_t pages_for(std::int64_t tokens) {
  return (tokens + kKvPageTokens - 1) / kKvPageTokens;
}

class LocalCompleter final : public Completer {
 public:
  LocalCompleter(Session& session, const Tokenizer& tokenizer, PromptEncoder encode,
                 const LocalCompleterOptions& options)
      : session_(session),
        tokenizer_(tokenizer),
        encode_(std::move(encode)),
        options_(options),
        vocab_(static_cast<std::size_t>(session.config().vocab)) {
    ASSAY_ASSERT(options.max_batch > 0 && options.max_batch <= session.max_batch());
  }

  RunTotals run(const RequestSource& source, const CompletionSink& sink,
                const std::function<bool()>& cancelled) override;

 private:
  void take_next(const RequestSource& source);
  bool admit_next(const RequestSource& source, const CompletionSink& sink);
  SequenceId prefill(const Waiting& waiting, bool shared, double* seconds);
  void release_shared_prompt();
  void decode_step(const CompletionSink& sink);
  bool accept(Running& running, std::span<const float> logits);
  void finish(Running& running, const CompletionSink& sink);
  void close_all();

  Session& session_;
  const Tokenizer& tokenizer_;
  PromptEncoder encode_;
  LocalCompleterOptions options_;
  std::size_t vocab_;
  numerics::Sampler sampler_;

  // State of one run().
  RunTotals totals_;
  std::optional<Waiting> next_;
  bool exhausted_ = false;
  std::vector<Running> running_;
  std::int64_t total_pages_ = 0;
  std::int64_t committed_pages_ = 0;
  std::vector<float> logits_;
  // A prefilled prompt that the next request shares.
  std::optional<SequenceId> shared_;
  std::vector<TokenId> shared_prompt_;
  std::vector<float> shared_logits_;
  double shared_seconds_ = 0;
};

void LocalCompleter::take_next(const RequestSource& source) {
  if (next_ || exhausted_) return;
  std::optional<Request> request = source();
  if (!request) {
    exhausted_ = true;
    return;
  }
  Waiting waiting;
  waiting.taken_at = now_seconds();
  ASSAY_ASSERT(request->max_new_tokens > 0);
  Result<std::vector<TokenId>> prompt = encode_(request->prompt);
  if (!prompt) {
    waiting.error = prompt.error().line();
  } else if (prompt->empty()) {
    waiting.error = "the prompt has no tokens";
  } else if (std::ssize(*prompt) >= session_.max_context()) {
    waiting.error = fmt::format("the prompt's {} tokens leave no room in a context of {}",
                                prompt->size(), session_.max_context());
  }
  if (prompt) waiting.prompt = std::move(*prompt);
  waiting.request = std::move(*request);
  next_ = std::move(waiting);
}

void LocalCompleter::release_shared_prompt() {
  if (shared_) session_.close(*shared_);
  shared_.reset();
}

/// A sequence that holds the prompt, with the logits of its last token in logits_.
SequenceId LocalCompleter::prefill(const Waiting& waiting, bool shared, double* seconds) {
  logits_.resize(vocab_);
  if (shared_ && shared_prompt_ != waiting.prompt) release_shared_prompt();
  if (shared_) {
    std::copy(shared_logits_.begin(), shared_logits_.end(), logits_.begin());
    *seconds = shared_seconds_;
    return session_.fork(*shared_);
  }
  const double start = now_seconds();
  const SequenceId sequence = session_.open();
  session_.prefill(sequence, waiting.prompt, false, logits_);
  *seconds = now_seconds() - start;
  totals_.prefill_seconds += *seconds;
  totals_.prefill_tokens += std::ssize(waiting.prompt);
  if (!shared) return sequence;
  shared_ = sequence;
  shared_prompt_ = waiting.prompt;
  shared_logits_ = logits_;
  shared_seconds_ = *seconds;
  return session_.fork(sequence);
}

/// Starts the waiting request if there is room; false when nothing could be started.
bool LocalCompleter::admit_next(const RequestSource& source, const CompletionSink& sink) {
  take_next(source);
  if (!next_) return false;
  if (!next_->error.empty()) {
    Completion failed;
    failed.error = next_->error;
    failed.prompt_tokens = std::move(next_->prompt);
    const Request request = std::move(next_->request);
    next_.reset();
    sink(request, std::move(failed));
    return true;
  }
  const std::int64_t room = session_.max_context() - std::ssize(next_->prompt);
  const std::int64_t budget = std::min(next_->request.max_new_tokens, room);
  const std::int64_t pages = pages_for(std::ssize(next_->prompt) + budget);
  if (std::ssize(running_) >= options_.max_batch || committed_pages_ + pages > total_pages_) {
    return false;
  }
  Waiting waiting = std::move(*next_);
  next_.reset();
  take_next(source);
  const bool shared = next_ && next_->prompt == waiting.prompt;
  const double start = now_seconds();
  double prefill_seconds = 0;
  const SequenceId sequence = prefill(waiting, shared, &prefill_seconds);
  if (!shared) release_shared_prompt();
  Completion completion;
  completion.queue_ms = (start - waiting.taken_at) * 1e3;
  const std::uint64_t draw_seed = numerics::request_seed(
      waiting.request.sampling.seed, waiting.request.problem_id, waiting.request.sample);
  StopRules rules(tokenizer_, options_.profile, waiting.request.prompt.stop_strings, budget);
  completion.prompt_tokens = std::move(waiting.prompt);
  Running running{std::move(waiting.request),
                  std::move(completion),
                  std::move(rules),
                  sequence,
                  draw_seed,
                  pages,
                  0};
  const double sampling_start = now_seconds();
  const bool ended = accept(running, logits_);
  running.first_token_at = now_seconds();
  // Samples that share a prefill all waited for it, so each reports it.
  running.completion.ttft_ms = (prefill_seconds + running.first_token_at - sampling_start) * 1e3;
  committed_pages_ += pages;
  if (ended) {
    finish(running, sink);
  } else {
    running_.push_back(std::move(running));
  }
  return true;
}

/// Draws the next token from its logits; true when the completion ends.
bool LocalCompleter::accept(Running& running, std::span<const float> logits) {
  Completion& completion = running.completion;
  const auto index = static_cast<std::int64_t>(completion.tokens.size());
  if (const auto bad = numerics::find_non_finite(logits)) {
    completion.stop = StopReason::error;
    completion.error =
        fmt::format("logits are not finite: token id {} at generated position {}", *bad, index);
    return true;
  }
  if (options_.hash_logits) completion.logits_hashes.push_back(numerics::hash_logits(logits));
  completion.top2_margins.push_back(numerics::top2_margin(logits));
  const TokenId token = sampler_.draw(logits, running.request.sampling, running.draw_seed, index);
  completion.tokens.push_back(token);
  const std::optional<StopReason> stop = running.rules.push(token);
  if (stop) completion.stop = *stop;
  return stop.has_value();
}

/// Gives the sequence back, then delivers: what the sink throws finds nothing half closed.
void LocalCompleter::finish(Running& running, const CompletionSink& sink) {
  session_.close(running.sequence);
  committed_pages_ -= running.pages;
  running.completion.decode_ms = (now_seconds() - running.first_token_at) * 1e3;
  running.completion.text = running.rules.take_text();
  sink(running.request, std::move(running.completion));
}

void LocalCompleter::decode_step(const CompletionSink& sink) {
  std::vector<DecodeItem> items;
  for (const Running& running : running_) {
    items.push_back({running.sequence, running.completion.tokens.back()});
  }
  logits_.resize(items.size() * vocab_);
  const double start = now_seconds();
  session_.decode(items, logits_);
  std::vector<bool> ended(running_.size());
  for (std::size_t i = 0; i < running_.size(); ++i) {
    ended[i] = accept(running_[i], std::span(logits_).subspan(i * vocab_, vocab_));
  }
  totals_.decode_seconds += now_seconds() - start;
  totals_.decode_tokens += std::ssize(items);
  ++totals_.decode_steps;
  std::vector<Running> stepped = std::move(running_);
  std::vector<Running> finished;
  running_.clear();
  for (std::size_t i = 0; i < stepped.size(); ++i) {
    (ended[i] ? finished : running_).push_back(std::move(stepped[i]));
  }
  for (Running& running : finished) finish(running, sink);
}

void LocalCompleter::close_all() {
  for (const Running& running : running_) session_.close(running.sequence);
  running_.clear();
  release_shared_prompt();
  next_.reset();
}

RunTotals LocalCompleter::run(const RequestSource& source, const CompletionSink& sink,
                              const std::function<bool()>& cancelled) {
  totals_ = RunTotals{};
  exhausted_ = false;
  committed_pages_ = 0;
  // One page is kept for the shared prompt's last, unfinished page.
  total_pages_ = session_.free_pages() - 1;
  try {
    while (!(cancelled && cancelled())) {
      while (admit_next(source, sink) && !(cancelled && cancelled())) {
      }
      if (running_.empty()) break;
      decode_step(sink);
    }
  } catch (...) {
    close_all();
    throw;
  }
  close_all();
  return totals_;
}

}  // namespace

std::unique_ptr<Completer> make_local_completer(Session& session, const Tokenizer& tokenizer,
                                                PromptEncoder encode,
                                                const LocalCompleterOptions& options) {
  return std::make_unique<LocalCompleter>(session, tokenizer, std::move(encode), options);
}

}  // namespace assay
