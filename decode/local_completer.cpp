#include "decode/local_completer.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "core/clock.h"
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
  std::int64_t pages = 0;  ///< set aside: what it may come to need, or 0
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
  void take(const RequestSource& source, std::size_t n);
  bool admit_next(const RequestSource& source, const CompletionSink& sink);
  SequenceId prefill(const Waiting& waiting, bool shared, double* seconds);
  void release_shared_prompt();
  std::int64_t pages_for_step() const;
  bool let_in(std::int64_t prompt_tokens, std::int64_t full_pages, std::int64_t* set_aside) const;
  void suspend_youngest();
  void make_room();
  void resume_suspended();
  bool step(std::vector<numerics::Drawn>* drawn);
  void decode_step(const CompletionSink& sink);
  numerics::DrawRequest draw_request(const Running& running) const;
  bool accept(Running& running, const numerics::Drawn& drawn);
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
  std::deque<Waiting> waiting_;  ///< the next, and the one behind it
  bool exhausted_ = false;
  std::vector<Running> running_;
  std::deque<Running> suspended_;  ///< in host memory, the first to come back first
  std::int64_t max_batch_ = 0;     ///< shrinks when memory runs out
  std::int64_t total_pages_ = 0;
  std::int64_t committed_pages_ = 0;
  std::vector<float> logits_;
  // A prefilled prompt that the next request shares.
  std::optional<SequenceId> shared_;
  std::vector<TokenId> shared_prompt_;
  std::vector<float> shared_logits_;
  double shared_seconds_ = 0;
};

/// So that the next `n` requests wait, if there are as many.
void LocalCompleter::take(const RequestSource& source, std::size_t n) {
  if (waiting_.size() >= n || exhausted_) return;
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
  waiting_.push_back(std::move(waiting));
  take(source, n);
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
  try {
    session_.prefill(sequence, waiting.prompt, false, logits_);
  } catch (...) {
    session_.close(sequence);
    throw;
  }
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

/// Pages that the running sequences take in their next step.
std::int64_t LocalCompleter::pages_for_step() const {
  return std::ranges::count_if(running_, [this](const Running& running) {
    return session_.length(running.sequence) % kKvPageTokens == 0;
  });
}

/// Whether a request may start now, and the pages that are set aside for it. Nobody overtakes those
/// that wait in host memory.
bool LocalCompleter::let_in(std::int64_t prompt_tokens, std::int64_t full_pages,
                            std::int64_t* set_aside) const {
  if (std::ssize(running_) >= max_batch_ || !suspended_.empty()) return false;
  *set_aside = full_pages;
  if (committed_pages_ + full_pages <= total_pages_) return true;
  if (!session_.can_suspend()) return false;
  // A page for each that runs: the next 64 steps need no more.
  *set_aside = 0;
  const std::int64_t needed = pages_for(prompt_tokens + 1) + 1 + std::ssize(running_);
  return needed <= session_.free_pages() || running_.empty();
}

/// Starts the waiting request if there is room; false when nothing could be started.
bool LocalCompleter::admit_next(const RequestSource& source, const CompletionSink& sink) {
  take(source, 1);
  if (waiting_.empty()) return false;
  if (!waiting_.front().error.empty()) {
    Completion failed;
    failed.error = waiting_.front().error;
    failed.prompt_tokens = std::move(waiting_.front().prompt);
    const Request request = std::move(waiting_.front().request);
    waiting_.pop_front();
    sink(request, std::move(failed));
    return true;
  }
  const std::int64_t prompt_tokens = std::ssize(waiting_.front().prompt);
  const std::int64_t room = session_.max_context() - prompt_tokens;
  const std::int64_t budget = std::min(waiting_.front().request.max_new_tokens, room);
  std::int64_t set_aside = 0;
  if (!let_in(prompt_tokens, pages_for(prompt_tokens + budget), &set_aside)) return false;
  take(source, 2);
  const bool shared = waiting_.size() > 1 && waiting_[1].prompt == waiting_[0].prompt;
  const double start = now_seconds();
  double prefill_seconds = 0;
  SequenceId sequence = 0;
  try {
    sequence = prefill(waiting_.front(), shared, &prefill_seconds);
  } catch (const OutOfMemory&) {
    if (running_.empty()) throw;
    max_batch_ = std::ssize(running_);  // it waits until there is room beside them
    return false;
  }
  Waiting waiting = std::move(waiting_.front());
  waiting_.pop_front();
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
                  set_aside,
                  0};
  const double sampling_start = now_seconds();
  const bool ended = accept(running, sampler_.draw(logits_, draw_request(running)));
  running.first_token_at = now_seconds();
  // Samples that share a prefill all waited for it, so each reports it.
  running.completion.ttft_ms = (prefill_seconds + running.first_token_at - sampling_start) * 1e3;
  committed_pages_ += set_aside;
  if (ended) {
    finish(running, sink);
  } else {
    running_.push_back(std::move(running));
  }
  return true;
}

numerics::DrawRequest LocalCompleter::draw_request(const Running& running) const {
  return {running.request.sampling, running.draw_seed, std::ssize(running.completion.tokens),
          options_.hash_logits};
}

/// Takes the next token; true when the completion ends.
bool LocalCompleter::accept(Running& running, const numerics::Drawn& drawn) {
  Completion& completion = running.completion;
  if (drawn.non_finite) {
    completion.stop = StopReason::error;
    completion.error = fmt::format("logits are not finite: token id {} at generated position {}",
                                   *drawn.non_finite, completion.tokens.size());
    return true;
  }
  if (options_.hash_logits) completion.logits_hashes.push_back(drawn.hash);
  completion.top2_margins.push_back(drawn.top2_margin);
  completion.tokens.push_back(drawn.token);
  const std::optional<StopReason> stop = running.rules.push(drawn.token);
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

void LocalCompleter::suspend_youngest() {
  Running youngest = std::move(running_.back());
  running_.pop_back();
  session_.suspend(youngest.sequence);
  committed_pages_ -= youngest.pages;
  youngest.pages = 0;
  suspended_.push_back(std::move(youngest));
}

/// Until the step's pages are free. A sequence alone gets by, or ends the run: it was planned for.
void LocalCompleter::make_room() {
  while (running_.size() > 1 && session_.can_suspend() &&
         pages_for_step() > session_.free_pages()) {
    suspend_youngest();
  }
  if (pages_for_step() > session_.free_pages()) release_shared_prompt();
}

void LocalCompleter::resume_suspended() {
  while (!suspended_.empty() && std::ssize(running_) < max_batch_) {
    Running& next = suspended_.front();
    const std::int64_t needed = session_.suspended_pages(next.sequence) + 1 + std::ssize(running_);
    if (needed > session_.free_pages() && !running_.empty()) return;
    session_.resume(next.sequence);
    running_.push_back(std::move(next));
    suspended_.pop_front();
  }
}

/// One token for each that runs; false when there was no memory for so many, and fewer run now.
bool LocalCompleter::step(std::vector<numerics::Drawn>* drawn) {
  std::vector<DecodeItem> items;
  std::vector<numerics::DrawRequest> draws;
  for (const Running& running : running_) {
    items.push_back({running.sequence, running.completion.tokens.back()});
    draws.push_back(draw_request(running));
  }
  drawn->resize(items.size());
  try {
    session_.decode_and_draw(items, draws, *drawn);
  } catch (const OutOfMemory&) {
    if (running_.size() < 2 || !session_.can_suspend()) throw;
    max_batch_ = std::ssize(running_) / 2;
    while (std::ssize(running_) > max_batch_) suspend_youngest();
    return false;
  }
  return true;
}

void LocalCompleter::decode_step(const CompletionSink& sink) {
  make_room();
  std::vector<numerics::Drawn> drawn;
  const double start = now_seconds();
  while (!step(&drawn)) {
  }
  std::vector<bool> ended(running_.size());
  for (std::size_t i = 0; i < running_.size(); ++i) ended[i] = accept(running_[i], drawn[i]);
  totals_.decode_seconds += now_seconds() - start;
  totals_.decode_tokens += std::ssize(drawn);
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
  for (const Running& running : suspended_) session_.close(running.sequence);
  running_.clear();
  suspended_.clear();
  release_shared_prompt();
  waiting_.clear();
}

RunTotals LocalCompleter::run(const RequestSource& source, const CompletionSink& sink,
                              const std::function<bool()>& cancelled) {
  totals_ = RunTotals{};
  exhausted_ = false;
  committed_pages_ = 0;
  max_batch_ = options_.max_batch;
  // One page is kept for the shared prompt's last, unfinished page.
  total_pages_ = session_.free_pages() - 1;
  try {
    while (!(cancelled && cancelled())) {
      resume_suspended();
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
