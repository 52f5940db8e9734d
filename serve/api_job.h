// A client's request on its way through the engine: what its choices draw becomes an answer, whole
// or as a stream. Two forms: chat and completion.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decode/grammar/token_mask.h"
#include "serve/api_error.h"
#include "serve/engine.h"
#include "serve/http/http_server.h"
#include "serve/logprobs.h"
#include "serve/request.h"
#include "serve/tool_calls.h"

namespace assay::serve {

/// What every job of a server shares. Immutable.
struct JobContext {
  const Tokenizer* tokenizer = nullptr;
  ChainProfile profile;
  ToolForm tool_form = ToolForm::none;
  const grammar::TokenTable* tokens = nullptr;  ///< of constrained answers
  std::size_t vocab = 0;                        ///< logits of one position
  std::size_t longest_token = 1;                ///< bytes
  std::string model;                            ///< its name
  std::string fingerprint;                      ///< what computed: backend and numerics
};

struct JobTicket {
  std::string id;  ///< "chatcmpl-17"
  std::int64_t created = 0;
  double deadline = 0;                        ///< of core/clock.h
  std::shared_ptr<grammar::Matcher> matcher;  ///< what answers may look like; null: free
  std::shared_ptr<Exchange> exchange;
};

class ApiJob : public Job {
 public:
  ApiJob(const JobContext& context, ApiRequest request, std::vector<BuiltPrompt> prompts,
         JobTicket ticket);

  /// The server goes away: what is not done by now is cut. Any thread.
  void cut() { cut_.store(true, std::memory_order_relaxed); }

  bool abandoned() override;
  bool wants_prompt_logits(std::size_t choice) const override;
  void prompt_logits(std::size_t choice, std::int64_t first,
                     std::span<const float> logits) override;
  bool constrain(std::size_t choice, std::span<const float> logits,
                 std::vector<float>& allowed) override;
  bool wants_logits(std::size_t choice) const override;
  void drawn(std::size_t choice, const DrawnToken& token) override;
  void done(std::size_t choice, Completion completion) override;

 protected:
  struct Choice {
    std::size_t prompt = 0;                     ///< index into prompts()
    std::vector<TokenLogprob> prompt_logprobs;  ///< of an echoed prompt
    std::vector<TokenLogprob> logprobs;         ///< of its tokens
    std::size_t logprobs_sent = 0;
    std::size_t tokens_sent = 0;
    Completion completion;
    std::optional<grammar::TokenConstraint> constraint;
    bool thinking = false;  ///< the constraint waits for the end of the chain of thought
    std::int64_t n_drawn = 0;
    bool finished = false;
  };

  /// New settled text of a streamed choice.
  virtual void stream_text(std::size_t choice, std::string_view settled) = 0;
  /// A streamed choice has ended.
  virtual void stream_end(std::size_t choice) = 0;
  /// The answer when all choices are done.
  virtual Json whole_answer() = 0;

  const JobContext& context() const { return *context_; }
  const ApiRequest& request() const { return request_; }
  const BuiltPrompt& prompt_of(const Choice& choice) const { return prompts_[choice.prompt]; }
  std::vector<Choice>& choices() { return choices_; }
  /// id, object, created, model, system_fingerprint and empty choices.
  Json envelope(const char* object) const;
  void send(const Json& chunk);
  Json usage() const;
  /// Tokens since the last call, for a streamed chunk.
  Json new_token_ids(Choice& choice) const;
  const std::string& id() const { return ticket_.id; }
  static const char* finish_reason(const Completion& completion);
  /// The stop string that ended it, or null.
  Json stop_reason(const Completion& completion) const;
  /// Text that an answer shows: whole characters.
  static std::string shown(std::string_view text);

 private:
  std::int64_t reasoning_tokens(const Choice& choice) const;
  /// The field that the constraint was made of.
  const char* schema_field() const;
  void fail(const ApiError& error);
  void finish_all();

  const JobContext* context_;
  ApiRequest request_;
  std::vector<BuiltPrompt> prompts_;
  JobTicket ticket_;
  std::vector<Choice> choices_;
  std::atomic<bool> cut_ = false;
  std::size_t n_done_ = 0;
  bool streaming_ = false;
  bool failed_ = false;
  bool late_ = false;
};

std::shared_ptr<ApiJob> make_chat_job(const JobContext& context, ApiRequest request,
                                      std::vector<BuiltPrompt> prompts, JobTicket ticket);
std::shared_ptr<ApiJob> make_completion_job(const JobContext& context, ApiRequest request,
                                            std::vector<BuiltPrompt> prompts, JobTicket ticket);

}  // namespace assay::serve
