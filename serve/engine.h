// The one thread that computes: jobs of all clients in one running batch.
//
// A job joins the batch at the next step that has room for it, in the order of arrival, and leaves
// it when it is done or nobody waits for it any more. What it draws does not depend on what runs
// beside it (decode/local_completer.h).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/completer.h"
#include "core/error.h"
#include "core/session.h"
#include "decode/local_completer.h"
#include "model/prompt_builder.h"
#include "model/tokenizer.h"

namespace assay::serve {

/// One client's request: one completion or several. All calls come from the engine's thread, one at
/// a time; `choice` is an index into `parts`.
class Job {
 public:
  virtual ~Job() = default;
  struct Part {
    Request request;  ///< its key is the engine's to choose
    PreparedRequest prepared;
  };
  /// One for each choice; set before it is submitted, not changed after.
  std::vector<Part> parts;

  /// Nobody waits for it any more, or its time is up.
  virtual bool abandoned() = 0;
  virtual bool wants_prompt_logits(std::size_t choice) const = 0;
  virtual void prompt_logits(std::size_t choice, std::int64_t first,
                             std::span<const float> logits) = 0;
  virtual bool constrain(std::size_t choice, std::span<const float> logits,
                         std::vector<float>& allowed) = 0;
  virtual bool wants_logits(std::size_t choice) const = 0;
  virtual void drawn(std::size_t choice, const DrawnToken& token) = 0;
  /// Once for each choice; also for what was abandoned.
  virtual void done(std::size_t choice, Completion completion) = 0;
};

struct EngineOptions {
  ChainProfile profile;
  std::int64_t max_batch = 8;
  std::size_t max_waiting = 256;  ///< completions that wait for room in the batch
};

class Engine final : private DecodeWatcher {
 public:
  /// Session and tokenizer must outlive it.
  Engine(Session& session, const Tokenizer& tokenizer, const EngineOptions& options);
  ~Engine() override;

  /// False: too many wait, or the engine has stopped. Any thread.
  bool submit(const std::shared_ptr<Job>& job);
  std::size_t max_waiting() const { return options_.max_waiting; }
  /// Completions that wait, and those that run. Any thread.
  std::size_t waiting() const;
  std::size_t running() const;
  /// Ends the thread: what runs is abandoned, nothing is delivered after the return.
  void stop();
  /// What ended the thread before its time, if something did. Any thread.
  std::optional<Error> failure() const;

 private:
  struct Ticket {
    std::shared_ptr<Job> job;
    std::size_t choice = 0;
  };

  void run();
  void sweep_waiting();
  std::optional<Request> next_request();
  void deliver(const Request& request, Completion completion);
  bool stopping() const;
  const Ticket& ticket(const Request& request) const { return running_.at(request.key); }

  // DecodeWatcher; the engine's thread.
  void idle() override;
  const PreparedRequest& prepared(const Request& request) override;
  bool abandoned(const Request& request) override;
  bool wants_prompt_logits(const Request& request) override;
  void prompt_logits(const Request& request, std::int64_t first,
                     std::span<const float> logits) override;
  bool constrain(const Request& request, std::span<const float> logits,
                 std::vector<float>& allowed) override;
  bool wants_logits(const Request& request) override;
  void drawn(const Request& request, const DrawnToken& token) override;

  EngineOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Ticket> waiting_;                       // guarded by mutex_
  std::size_t n_running_ = 0;                        // likewise
  bool stopping_ = false;                            // likewise
  std::optional<Error> failure_;                     // likewise
  std::unordered_map<std::string, Ticket> running_;  // by key; the engine's thread's alone
  std::uint64_t next_key_ = 0;                       // likewise
  double next_sweep_ = 0;                            // likewise
  std::unique_ptr<Completer> completer_;
  std::thread thread_;
};

}  // namespace assay::serve
