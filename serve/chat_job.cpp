#include <fmt/core.h>

#include <utility>

#include "serve/api_job.h"
#include "serve/chat_text.h"

namespace assay::serve {
namespace {

class ChatJob final : public ApiJob {
 public:
  ChatJob(const JobContext& context, ApiRequest request, std::vector<BuiltPrompt> prompts,
          JobTicket ticket)
      : ApiJob(context, std::move(request), std::move(prompts), std::move(ticket)) {
    for (const Choice& choice : choices()) {
      texts_.emplace_back(context.profile.thinking, prompt_of(choice).thinking_open);
      const bool calls = this->request().tool_choice.use != ToolUse::none;
      tools_.emplace_back(calls ? context.tool_form : ToolForm::none, this->request().tools);
      n_calls_.push_back(0);
      begun_.push_back(false);
    }
  }

 protected:
  void stream_text(std::size_t choice, std::string_view settled) override {
    if (!begun_[choice]) send_chunk(choice, {{"role", "assistant"}, {"content", ""}}, nullptr);
    begun_[choice] = true;
    const ChatDelta delta = texts_[choice].push(settled);
    send_delta(choice, delta.reasoning, tools_[choice].push(delta.content));
  }

  void stream_end(std::size_t choice) override {
    Choice& c = choices()[choice];
    const ChatDelta delta = texts_[choice].finish(c.completion.text);
    send_delta(choice, delta.reasoning, tools_[choice].push(delta.content));
    send_delta(choice, "", tools_[choice].finish());
    send_chunk(choice, Json::object(), reason_of(choice));
  }

  Json whole_answer() override {
    Json answer = envelope("chat.completion");
    for (std::size_t i = 0; i < choices().size(); ++i) {
      Choice& c = choices()[i];
      Json message = message_of(i);
      Json one = {{"index", i},
                  {"message", std::move(message)},
                  {"logprobs", new_logprobs(c)},
                  {"finish_reason", reason_of(i)},
                  {"stop_reason", stop_reason(c.completion)}};
      if (request().return_token_ids) one["token_ids"] = c.completion.tokens;
      answer["choices"].push_back(std::move(one));
    }
    if (request().return_token_ids) answer["prompt_token_ids"] = prompt_of(choices()[0]).ids;
    return answer;
  }

 private:
  Json message_of(std::size_t choice) {
    const ChatDelta parts = texts_[choice].finish(choices()[choice].completion.text);
    ToolDelta told = tools_[choice].push(parts.content);
    ToolDelta last = tools_[choice].finish();
    told.content += last.content;
    told.calls.insert(told.calls.end(), last.calls.begin(), last.calls.end());
    const bool has_content =
        !told.content.empty() || (parts.reasoning.empty() && told.calls.empty());
    Json message = {{"role", "assistant"},
                    {"content", has_content ? Json(shown(told.content)) : Json(nullptr)},
                    {"refusal", nullptr}};
    if (!parts.reasoning.empty()) message["reasoning_content"] = shown(parts.reasoning);
    for (const ToolCall& call : told.calls) {
      message["tool_calls"].push_back(call_of(choice, call, true));
    }
    return message;
  }

  /// In a stream, calls have a place and their arguments follow.
  Json call_of(std::size_t choice, const ToolCall& call, bool whole) {
    const std::size_t place = n_calls_[choice]++;
    Json out = {{"id", fmt::format("call-{}-{}-{}", id(), choice, place)},
                {"type", "function"},
                {"function", {{"name", call.name}, {"arguments", whole ? call.arguments : ""}}}};
    if (!whole) out["index"] = place;
    return out;
  }

  const char* reason_of(std::size_t choice) {
    const char* reason = finish_reason(choices()[choice].completion);
    return n_calls_[choice] > 0 && std::string_view(reason) == "stop" ? "tool_calls" : reason;
  }

  Json new_logprobs(Choice& choice) {
    if (!request().logprobs) return nullptr;
    Json content = Json::array();
    for (; choice.logprobs_sent < choice.logprobs.size(); ++choice.logprobs_sent) {
      content.push_back(chat_logprob(*context().tokenizer, choice.logprobs[choice.logprobs_sent]));
    }
    return {{"content", std::move(content)}, {"refusal", nullptr}};
  }

  void send_delta(std::size_t choice, const std::string& reasoning, const ToolDelta& delta) {
    if (!reasoning.empty()) send_chunk(choice, {{"reasoning_content", shown(reasoning)}}, nullptr);
    if (!delta.content.empty()) send_chunk(choice, {{"content", shown(delta.content)}}, nullptr);
    for (const ToolCall& call : delta.calls) {
      const Json begin = call_of(choice, call, false);
      send_chunk(choice, {{"tool_calls", Json::array({begin})}}, nullptr);
      const Json rest = {{"index", begin.at("index")},
                         {"function", {{"arguments", call.arguments}}}};
      send_chunk(choice, {{"tool_calls", Json::array({rest})}}, nullptr);
    }
  }

  void send_chunk(std::size_t choice, Json delta, const char* reason) {
    Choice& c = choices()[choice];
    Json chunk = envelope("chat.completion.chunk");
    Json one = {{"index", choice},
                {"delta", std::move(delta)},
                {"logprobs", new_logprobs(c)},
                {"finish_reason", reason == nullptr ? Json(nullptr) : Json(reason)}};
    if (reason != nullptr) one["stop_reason"] = stop_reason(c.completion);
    if (request().return_token_ids) one["token_ids"] = new_token_ids(c);
    chunk["choices"].push_back(std::move(one));
    if (request().include_usage) chunk["usage"] = nullptr;
    send(chunk);
  }

  std::vector<ChatText> texts_;
  std::vector<ToolText> tools_;
  std::vector<std::size_t> n_calls_;
  std::vector<bool> begun_;
};

}  // namespace

std::shared_ptr<ApiJob> make_chat_job(const JobContext& context, ApiRequest request,
                                      std::vector<BuiltPrompt> prompts, JobTicket ticket) {
  return std::make_shared<ChatJob>(context, std::move(request), std::move(prompts),
                                   std::move(ticket));
}

}  // namespace assay::serve
