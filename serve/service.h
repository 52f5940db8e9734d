// The API's routes: from a request's body to a job in the engine, or an answer at once.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/conversation.h"
#include "model/prompt_builder.h"
#include "serve/access.h"
#include "serve/api_job.h"
#include "serve/engine.h"
#include "serve/http/http_server.h"
#include "serve/worker.h"

namespace assay::serve {

struct ServiceOptions {
  AccessRules access;
  RequestLimits limits;
  double request_seconds = 600;  ///< from arrival to the last token
  std::int64_t max_context = 0;
  std::optional<bool> enable_thinking;  ///< of templates, where a request does not say
  std::int64_t created = 0;             ///< Unix time that /v1/models shows
};

class Service {
 public:
  /// All must outlive it; the engine must be stopped before the service ends.
  Service(const JobContext& context, const PromptBuilder& prompts,
          const ConversationTemplate& conversations, Engine& engine, ServiceOptions options);

  std::optional<HttpResponse> check(const HttpRequest& head) const;
  void handle(HttpRequest request, std::shared_ptr<Exchange> exchange);
  /// New requests are refused from here on.
  void drain() { draining_.store(true); }
  /// Requests on their way are cut with an error.
  void cut_all();
  /// Ends preparing; call before the engine is stopped.
  void stop_preparing() { worker_.stop(); }

 private:
  void prepare(const HttpRequest& request, double arrived,
               const std::shared_ptr<Exchange>& exchange);
  ApiResult<HttpResponse> answer_now(const HttpRequest& request) const;
  ApiResult<void> start(const HttpRequest& request, double arrived,
                        const std::shared_ptr<Exchange>& exchange);
  ApiResult<std::vector<BuiltPrompt>> build_prompts(const ApiRequest& request) const;
  bool ends_in_thinking(const std::vector<TokenId>& ids) const;
  ApiResult<BuiltPrompt> build_prompt(const PromptInput& input) const;
  ApiResult<BuiltPrompt> build_chat_prompt(const ApiRequest& request) const;
  ApiResult<std::shared_ptr<grammar::Matcher>> build_matcher(const ApiRequest& request) const;
  ApiResult<void> check_model(const std::string& name) const;
  ApiResult<void> check_bytes(std::size_t bytes) const;
  ApiResult<void> check_length(const BuiltPrompt& prompt) const;
  ApiResult<HttpResponse> tokenize(const std::string& body) const;
  ApiResult<HttpResponse> detokenize(const std::string& body) const;
  HttpResponse models(const std::string& name) const;
  HttpResponse tokenizer_info() const;
  HttpResponse health() const;

  const JobContext& context_;
  const PromptBuilder& prompts_;
  const ConversationTemplate& conversations_;
  Engine& engine_;
  ServiceOptions options_;
  std::atomic<std::uint64_t> next_id_ = 1;
  std::atomic<bool> draining_ = false;
  std::mutex jobs_mutex_;
  std::vector<std::weak_ptr<ApiJob>> jobs_;  // guarded by jobs_mutex_
  Worker worker_;
};

}  // namespace assay::serve
