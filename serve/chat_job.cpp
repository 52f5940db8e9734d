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
      told_.emplace_back();
    }
  }

 protected:
  void stream_text(std::size_t choice, std::string_view settled) override {
    begin(choice);
    const ChatDelta delta = texts_[choice].push(settled);
    send_delta(choice, delta.reasoning, tools_[choice].push(delta.content));
  }

  void stream_end(std::size_t choice) override {
    begin(choice);
    const ChatDelta delta = texts_[choice].finish(choices()[choice].completion.text);
    send_delta(choice, delta.reasoning, tools_[choice].push(delta.content));
    send_delta(choice, "", tools_[choice].finish());
    // A closed chain of thought with nothing behind it has an empty content, an open one has none.
    tell_of_chain(choice);
    if (texts_[choice].closed() && !told_[choice].content && n_calls_[choice] == 0) {
      send_chunk(choice, {{"content", ""}}, nullptr);
    }
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
    const ChatText& text = texts_[choice];
    const bool has_content =
        !told.content.empty() || (told.calls.empty() && (text.closed() || !text.begun()));
    Json message = {{"role", "assistant"},
                    {"content", has_content ? Json(shown(told.content)) : Json(nullptr)},
                    {"refusal", nullptr}};
    if (text.begun()) message["reasoning_content"] = shown(parts.reasoning);
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
    if (!request().logprobs || choice.logprobs_sent == choice.logprobs.size()) return nullptr;
    Json content = Json::array();
    for (; choice.logprobs_sent < choice.logprobs.size(); ++choice.logprobs_sent) {
      content.push_back(chat_logprob(*context().tokenizer, choice.logprobs[choice.logprobs_sent]));
    }
    return {{"content", std::move(content)}, {"refusal", nullptr}};
  }

  /// The role comes before any token, so that each token's chunk has its own log probabilities.
  void begin(std::size_t choice) {
    if (std::exchange(told_[choice].role, true)) return;
    Json chunk = envelope("chat.completion.chunk");
    chunk["choices"].push_back({{"index", choice},
                                {"delta", {{"role", "assistant"}, {"content", ""}}},
                                {"logprobs", nullptr},
                                {"finish_reason", nullptr}});
    if (request().include_usage) chunk["usage"] = nullptr;
    send(chunk);
  }

  /// An empty chain of thought is told, too, before what stands behind it.
  void tell_of_chain(std::size_t choice) {
    if (!texts_[choice].begun() || std::exchange(told_[choice].reasoning, true)) return;
    send_chunk(choice, {{"reasoning_content", ""}}, nullptr);
  }

  void send_delta(std::size_t choice, const std::string& reasoning, const ToolDelta& delta) {
    if (!reasoning.empty()) {
      told_[choice].reasoning = true;
      send_chunk(choice, {{"reasoning_content", shown(reasoning)}}, nullptr);
    }
    if (!delta.content.empty()) {
      tell_of_chain(choice);
      told_[choice].content = true;
      send_chunk(choice, {{"content", shown(delta.content)}}, nullptr);
    }
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
  /// What a stream has sent of a choice.
  struct Told {
    bool role = false;
    bool reasoning = false;
    bool content = false;
  };
  std::vector<Told> told_;
};

}  // namespace

std::shared_ptr<ApiJob> make_chat_job(const JobContext& context, ApiRequest request,
                                      std::vector<BuiltPrompt> prompts, JobTicket ticket) {
  return std::make_shared<ChatJob>(context, std::move(request), std::move(prompts),
                                   std::move(ticket));
}

}  // namespace assay::serve
