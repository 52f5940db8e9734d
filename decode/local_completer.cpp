#include "decode/local_completer.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "core/clock.h"
#include "core/numerics/sampler.h"
#include "decode/request_state.h"
#include "model/transformer/session.h"

namespace assay {
namespace {

constexpr const char* kAbandoned = "abandoned: nobody waits for it any more";

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
  bool start(std::int64_t budget, std::int64_t set_aside, bool shared, const CompletionSink& sink);
  std::optional<SequenceId> prefill(const Waiting& waiting, bool shared, double* seconds,
                                    const CompletionSink& sink);
  bool append_prompt(SequenceId sequence, const Waiting& waiting, const CompletionSink& sink);
  void release_shared_prompt();
  std::int64_t pages_for_step() const;
  bool let_in(std::int64_t prompt_tokens, std::int64_t full_pages, std::int64_t* set_aside) const;
  void suspend_youngest();
  void make_room();
  void resume_suspended();
  bool step(std::vector<numerics::Drawn>* drawn);
  void drop_abandoned(const CompletionSink& sink);
  void decode_step(const CompletionSink& sink);
  numerics::DrawRequest draw_request(const Running& running) const;
  bool accept(Running& running, const numerics::Drawn& drawn, std::span<const float> logits = {});
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
  std::deque<Waiting> waiting_;  ///< the next, and the one behind it
  bool exhausted_ = false;
  std::vector<Running> running_;
  std::deque<Running> suspended_;  ///< in host memory, the first to come back first
  std::int64_t max_batch_ = 0;     ///< shrinks when memory runs out
  std::int64_t total_pages_ = 0;
  std::int64_t committed_pages_ = 0;
  std::vector<float> logits_;         // of a decode step, where a watcher wants them
  std::vector<float> prompt_logits_;  // after a prompt's last token
  std::vector<float> allowed_;        // what a watcher made of a position's logits
  // A prefilled prompt that the next request shares.
  std::optional<SequenceId> shared_;
  std::vector<TokenId> shared_prompt_;
  std::vector<float> shared_logits_;
  double shared_seconds_ = 0;
  std::optional<SequenceId> prefilling_;  // in append_prompt
};

/// So that the next `n` requests wait, if there are as many.
void LocalCompleter::take(const RequestSource& source, std::size_t n) {
  if (waiting_.size() >= n || exhausted_) return;
  std::optional<Request> request = source();
  if (!request) {
    exhausted_ = options_.watcher == nullptr;
    return;
  }
  Waiting waiting;
  waiting.taken_at = now_seconds();
  ASSAY_ASSERT(request->max_new_tokens > 0);
  Result<std::vector<TokenId>> prompt = options_.watcher != nullptr
                                            ? options_.watcher->prepared(*request).prompt
                                            : encode_(request->prompt);
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

/// Prefills chunk by chunk where a watcher wants it; false: the request was abandoned meanwhile.
bool LocalCompleter::append_prompt(SequenceId sequence, const Waiting& waiting,
                                   const CompletionSink& sink) {
  const std::span<const TokenId> prompt(waiting.prompt);
  DecodeWatcher* watcher = options_.watcher;
  if (watcher == nullptr) {
    session_.prefill(sequence, prompt, false, prompt_logits_);
    return true;
  }
  const bool all = watcher->wants_prompt_logits(waiting.request);
  const auto chunk = static_cast<std::size_t>(all ? kPrefillChunk : session_.prefill_chunk());
  std::vector<float> piece_logits;
  for (std::size_t done = 0; done < prompt.size(); done += chunk) {
    if (done > 0 && !running_.empty()) decode_step(sink);
    if (done > 0 && watcher->abandoned(waiting.request)) return false;
    const std::span<const TokenId> piece =
        prompt.subspan(done, std::min(chunk, prompt.size() - done));
    if (!all) {
      session_.prefill(sequence, piece, false, prompt_logits_);
      continue;
    }
    piece_logits.resize(piece.size() * vocab_);
    session_.prefill(sequence, piece, true, piece_logits);
    watcher->prompt_logits(waiting.request, static_cast<std::int64_t>(done), piece_logits);
    std::copy(piece_logits.end() - std::ssize(prompt_logits_), piece_logits.end(),
              prompt_logits_.begin());
  }
  return true;
}

/// A sequence that holds the prompt, with the logits of its last token in prompt_logits_; nothing:
/// the request was abandoned meanwhile.
std::optional<SequenceId> LocalCompleter::prefill(const Waiting& waiting, bool shared,
                                                  double* seconds, const CompletionSink& sink) {
  prompt_logits_.resize(vocab_);
  if (shared_ && shared_prompt_ != waiting.prompt) release_shared_prompt();
  if (shared_) {
    std::copy(shared_logits_.begin(), shared_logits_.end(), prompt_logits_.begin());
    *seconds = shared_seconds_;
    return session_.fork(*shared_);
  }
  const double start = now_seconds();
  const SequenceId sequence = session_.open();
  prefilling_ = sequence;
  const double decoding_before = totals_.decode_seconds;
  bool whole = false;
  try {
    whole = append_prompt(sequence, waiting, sink);
  } catch (...) {
    prefilling_.reset();
    session_.close(sequence);
    throw;
  }
  prefilling_.reset();
  *seconds = now_seconds() - start;
  totals_.prefill_seconds += *seconds - (totals_.decode_seconds - decoding_before);
  totals_.prefill_tokens += session_.length(sequence);
  if (!whole) {
    session_.close(sequence);
    return std::nullopt;
  }
  if (!shared) return sequence;
  shared_ = sequence;
  shared_prompt_ = waiting.prompt;
  shared_logits_ = prompt_logits_;
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
  // Logits of a prompt are read from the prefill itself.
  const bool wants_all = options_.watcher != nullptr &&
                         options_.watcher->wants_prompt_logits(waiting_.front().request);
  if (wants_all) release_shared_prompt();
  const bool shared = !wants_all && waiting_.size() > 1 && waiting_[1].prompt == waiting_[0].prompt;
  return start(budget, set_aside, shared, sink);
}

/// Starts the first that waits; false when memory ran out: it waits until there is room beside
/// those that run.
bool LocalCompleter::start(std::int64_t budget, std::int64_t set_aside, bool shared,
                           const CompletionSink& sink) {
  const double start = now_seconds();
  double prefill_seconds = 0;
  std::optional<SequenceId> sequence;
  try {
    sequence = prefill(waiting_.front(), shared, &prefill_seconds, sink);
  } catch (const OutOfMemory&) {
    if (running_.empty()) throw;
    max_batch_ = std::ssize(running_);
    return false;
  }
  Waiting waiting = std::move(waiting_.front());
  waiting_.pop_front();
  if (!shared) release_shared_prompt();
  Completion completion;
  completion.queue_ms = (start - waiting.taken_at) * 1e3;
  completion.prompt_tokens = std::move(waiting.prompt);
  if (!sequence) {
    completion.error = kAbandoned;
    sink(waiting.request, std::move(completion));
    return true;
  }
  const Request& request = waiting.request;
  ChainProfile profile = options_.profile;
  std::uint64_t draw_seed = 0;
  if (options_.watcher != nullptr) {
    const PreparedRequest& prepared = options_.watcher->prepared(request);
    draw_seed = prepared.draw_seed;
    profile.opened_by_prompt = prepared.thinking_open;
  } else {
    draw_seed = numerics::request_seed(request.sampling.seed, request.problem_id, request.sample);
  }
  StopRules rules(tokenizer_, profile, request.prompt.stop_strings, budget);
  Running running{std::move(waiting.request),
                  std::move(completion),
                  std::move(rules),
                  *sequence,
                  draw_seed,
                  set_aside,
                  0};
  const double sampling_start = now_seconds();
  const bool ended = accept(running, prompt_logits_);
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

/// Draws the next token from its logits, as a watcher constrains it, and takes it.
bool LocalCompleter::accept(Running& running, std::span<const float> logits) {
  const numerics::DrawRequest request = draw_request(running);
  numerics::Drawn drawn = sampler_.draw(logits, request);
  if (!drawn.non_finite && options_.watcher != nullptr &&
      options_.watcher->constrain(running.request, logits, allowed_)) {
    drawn.token = sampler_.draw(allowed_, request.sampling, request.seed, request.index);
  }
  return accept(running, drawn, logits);
}

/// Takes the next token; true when the completion ends. A watcher sees the logits.
bool LocalCompleter::accept(Running& running, const numerics::Drawn& drawn,
                            std::span<const float> logits) {
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
  if (options_.watcher != nullptr) {
    options_.watcher->drawn(running.request, {drawn.token, std::ssize(completion.tokens) - 1,
                                              logits, running.rules.settled_text()});
  }
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

/// Ends what nobody waits for, running or waiting.
void LocalCompleter::drop_abandoned(const CompletionSink& sink) {
  DecodeWatcher* watcher = options_.watcher;
  if (watcher == nullptr) return;
  for (Waiting& waiting : waiting_) {
    if (waiting.error.empty() && watcher->abandoned(waiting.request)) waiting.error = kAbandoned;
  }
  std::vector<Running> dropped;
  const auto sift = [&](auto& sequences) {
    auto all = std::move(sequences);
    sequences.clear();
    for (Running& running : all) {
      if (watcher->abandoned(running.request)) {
        dropped.push_back(std::move(running));
      } else {
        sequences.push_back(std::move(running));
      }
    }
  };
  sift(running_);
  sift(suspended_);
  for (Running& running : dropped) {
    running.completion.stop = StopReason::error;
    running.completion.error = kAbandoned;
    finish(running, sink);
  }
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
  const bool wanted =
      options_.watcher != nullptr && std::ranges::any_of(running_, [this](const Running& running) {
        return options_.watcher->wants_logits(running.request);
      });
  logits_.resize(wanted ? items.size() * vocab_ : 0);
  try {
    if (!logits_.empty()) {
      session_.decode(items, logits_);
    } else {
      session_.decode_and_draw(items, draws, *drawn);
    }
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
  for (std::size_t i = 0; i < running_.size(); ++i) {
    ended[i] = logits_.empty()
                   ? accept(running_[i], drawn[i])
                   : accept(running_[i], std::span(logits_).subspan(i * vocab_, vocab_));
  }
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
  if (prefilling_) session_.close(*prefilling_);
  prefilling_.reset();
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
      drop_abandoned(sink);
      resume_suspended();
      while (admit_next(source, sink) && !(cancelled && cancelled())) {
      }
      if (!running_.empty()) {
        decode_step(sink);
      } else if (options_.watcher != nullptr) {
        options_.watcher->idle();
      } else {
        break;
      }
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
