#include <utility>

#include "serve/api_job.h"

namespace assay::serve {
namespace {

class CompletionJob final : public ApiJob {
 public:
  CompletionJob(const JobContext& context, ApiRequest request, std::vector<BuiltPrompt> prompts,
                JobTicket ticket)
      : ApiJob(context, std::move(request), std::move(prompts), std::move(ticket)),
        sent_(choices().size(), 0),
        offsets_(choices().size()) {}

 protected:
  void stream_text(std::size_t choice, std::string_view settled) override {
    const std::string_view fresh = settled.substr(std::min(sent_[choice], settled.size()));
    if (fresh.empty()) return;
    send_chunk(choice, fresh, nullptr);
  }

  void stream_end(std::size_t choice) override {
    const Completion& completion = choices()[choice].completion;
    const std::string_view text = completion.text;
    send_chunk(choice, text.substr(std::min(sent_[choice], text.size())),
               finish_reason(completion));
  }

  Json whole_answer() override {
    Json answer = envelope("text_completion");
    for (std::size_t i = 0; i < choices().size(); ++i) {
      Choice& c = choices()[i];
      const std::string echoed = request().echo ? prompt_text(c) : "";
      Json logprobs = nullptr;
      if (request().logprobs) {
        std::vector<TokenLogprob> all = std::move(c.prompt_logprobs);
        all.insert(all.end(), c.logprobs.begin(), c.logprobs.end());
        const bool shows_control = request().echo && request().prompts[c.prompt].is_ids;
        logprobs = completion_logprobs(*context().tokenizer, all, request().echo,
                                       shows_control ? prompt_of(c).ids.size() : 0, &offsets_[i]);
      }
      Json one = {{"index", i},
                  {"text", shown(echoed + c.completion.text)},
                  {"logprobs", std::move(logprobs)},
                  {"finish_reason", finish_reason(c.completion)},
                  {"stop_reason", stop_reason(c.completion)}};
      if (request().return_token_ids) {
        one["token_ids"] = c.completion.tokens;
        one["prompt_token_ids"] = prompt_of(c).ids;
      }
      answer["choices"].push_back(std::move(one));
    }
    return answer;
  }

 private:
  /// As it was sent: without a BOS that was put in front, and ids with their control tokens.
  std::string prompt_text(const Choice& choice) const {
    const PromptInput& input = request().prompts[choice.prompt];
    return input.is_ids ? context().tokenizer->decode(input.ids, true) : input.text;
  }

  void send_chunk(std::size_t choice, std::string_view text, const char* reason) {
    Choice& c = choices()[choice];
    Json logprobs = nullptr;
    if (request().logprobs) {
      const std::span<const TokenLogprob> fresh = std::span(c.logprobs).subspan(c.logprobs_sent);
      logprobs = completion_logprobs(*context().tokenizer, fresh, false, 0, &offsets_[choice]);
      c.logprobs_sent = c.logprobs.size();
    }
    sent_[choice] += text.size();
    Json chunk = envelope("text_completion");
    Json one = {{"index", choice},
                {"text", shown(text)},
                {"logprobs", std::move(logprobs)},
                {"finish_reason", reason == nullptr ? Json(nullptr) : Json(reason)}};
    if (reason != nullptr) one["stop_reason"] = stop_reason(c.completion);
    if (request().return_token_ids) one["token_ids"] = new_token_ids(c);
    chunk["choices"].push_back(std::move(one));
    if (request().include_usage) chunk["usage"] = nullptr;
    send(chunk);
  }

  std::vector<std::size_t> sent_;  ///< bytes of each choice's text
  std::vector<TextOffset> offsets_;
};

}  // namespace

std::shared_ptr<ApiJob> make_completion_job(const JobContext& context, ApiRequest request,
                                            std::vector<BuiltPrompt> prompts, JobTicket ticket) {
  return std::make_shared<CompletionJob>(context, std::move(request), std::move(prompts),
                                         std::move(ticket));
}

}  // namespace assay::serve
