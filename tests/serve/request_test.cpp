#include "serve/request.h"

#include <gmock/gmock.h>

namespace assay::serve {
namespace {

using ::testing::HasSubstr;

ApiResult<ApiRequest> chat(const std::string& text) {
  const ApiResult<Json> body = parse_request(text);
  if (!body) return tl::unexpected(body.error());
  return read_chat_request(*body, {});
}

ApiResult<ApiRequest> completion(const std::string& text) {
  const ApiResult<Json> body = parse_request(text);
  if (!body) return tl::unexpected(body.error());
  return read_completion_request(*body, {});
}

std::string with(const std::string& members) {
  return R"({"messages": [{"role": "user", "content": "hi"}])" +
         (members.empty() ? "" : ", " + members) + "}";
}

std::string why(const ApiResult<ApiRequest>& result) {
  return result ? "" : result.error().param + ": " + result.error().message;
}

TEST(ChatRequest, DefaultsAreOpenAIs) {
  const ApiRequest request = *chat(with(""));
  EXPECT_EQ(request.sampling.temperature, 1);
  EXPECT_EQ(request.n, 1);
  EXPECT_FALSE(request.max_tokens);
  EXPECT_FALSE(request.stream);
  EXPECT_EQ(request.tool_choice.use, ToolUse::none);
}

TEST(ChatRequest, FieldsAreRead) {
  const ApiRequest request = *chat(with(
      R"("temperature": 0.5, "top_p": 0.9, "top_k": 5, "min_p": 0.1, "seed": 9007199254740991,
         "n": 3, "max_tokens": 7, "max_completion_tokens": 9, "stop": "x", "logprobs": true,
         "top_logprobs": 2, "stream": true, "stream_options": {"include_usage": true},
         "user": "me", "frequency_penalty": 0, "logit_bias": {}, "response_format": {"type": "text"})"));
  EXPECT_EQ(request.sampling.temperature, 0.5);
  EXPECT_EQ(request.sampling.top_k, 5);
  EXPECT_EQ(request.seed, (std::uint64_t{1} << 53) - 1);
  EXPECT_EQ(request.max_tokens, 9);
  EXPECT_EQ(request.stop, std::vector<std::string>{"x"});
  EXPECT_EQ(request.logprobs, 2);
  EXPECT_TRUE(request.include_usage);
}

TEST(ChatRequest, TheLeastSamplingIsGreedy) {
  EXPECT_TRUE(chat(with(R"("temperature": 1e-38)"))->sampling.greedy());
  const ApiRequest best = *chat(with(R"("top_p": 0, "top_k": -1)"));
  EXPECT_GT(best.sampling.top_p, 0);
  EXPECT_EQ(best.sampling.top_k, 0);
  EXPECT_THAT(why(chat(with(R"("temperature": 101)"))), HasSubstr("temperature"));
}

TEST(ChatRequest, WhatCannotBeServedIsRefusedByName) {
  EXPECT_THAT(why(chat(with(R"("logit_bias": {"5": 3})"))), HasSubstr("logit_bias"));
  EXPECT_THAT(why(chat(with(R"("presence_penalty": 0.5)"))), HasSubstr("presence_penalty"));
  EXPECT_THAT(why(chat(with(R"("functions": [{"name": "f"}])"))), HasSubstr("use tools"));
  EXPECT_THAT(why(chat(with(R"("modalities": ["text", "audio"])"))), HasSubstr("modalities"));
  EXPECT_THAT(why(chat(with(R"("reasoning_effort": "high")"))), HasSubstr("reasoning_effort"));
  EXPECT_THAT(why(chat(with(R"("mystery": 1)"))), HasSubstr("mystery: this field is not known"));
  EXPECT_THAT(why(chat(R"({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]})")),
              HasSubstr("'image_url'"));
  EXPECT_THAT(why(chat(R"({"messages": [{"role": "function", "content": "x"}]})")),
              HasSubstr("use tool"));
}

TEST(ChatRequest, RangesAreChecked) {
  for (const char* member : {R"("temperature": -1)",
                             R"("temperature": "1")",
                             R"("top_p": 1.5)",
                             R"("n": 0)",
                             R"("n": 1e9)",
                             R"("n": 1.5)",
                             R"("max_tokens": 0)",
                             R"("max_tokens": 99999999999999999999)",
                             R"("seed": 1.5)",
                             R"("seed": 18446744073709551615)",
                             R"("top_logprobs": 3)",
                             R"("logprobs": true, "top_logprobs": 21)",
                             R"("stop": [1])",
                             R"("stream": "yes")",
                             R"("stream_options": {"include_usage": true})",
                             R"("response_format": {"type": "xml"})",
                             R"("response_format": {"type": "json_schema"})",
                             R"("tool_choice": "required")",
                             R"("tools": [{"type": "function", "function": {"name": "a b"}}])",
                             R"("tools": {})"}) {
    const auto result = chat(with(member));
    ASSERT_FALSE(result) << member;
    EXPECT_EQ(result.error().status, 400) << member;
    EXPECT_FALSE(result.error().param.empty()) << member;
  }
}

TEST(ChatRequest, MessagesAreBroughtIntoTheTemplatesForm) {
  const ApiRequest request = *chat(R"({"messages": [
      {"role": "developer", "content": "be brief"},
      {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
      {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function",
        "function": {"name": "f", "arguments": "{\"z\": 1, \"a\": 2}"}}]},
      {"role": "tool", "tool_call_id": "1", "content": "42"}]})");
  EXPECT_EQ(request.messages[0]["role"], "system");
  EXPECT_EQ(request.messages[1]["content"], "ab");
  EXPECT_EQ(request.messages[2]["tool_calls"][0]["function"]["arguments"].dump(),
            R"({"z":1,"a":2})")
      << "a value, its members in the client's order";
  EXPECT_EQ(request.messages[3]["tool_call_id"], "1");
}

TEST(ChatRequest, BrokenBodiesAreSaid) {
  EXPECT_THAT(why(chat("{")), HasSubstr("not JSON"));
  EXPECT_THAT(why(chat("[]")), HasSubstr("no JSON object"));
  EXPECT_THAT(why(chat("\"\xff\"")), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(why(chat(std::string(100, '['))), HasSubstr("nested deeper"));
  EXPECT_THAT(why(chat("{}")), HasSubstr("messages"));
  EXPECT_THAT(why(chat(R"({"messages": []})")), HasSubstr("at least one"));
  EXPECT_THAT(why(chat(R"({"messages": [3]})")), HasSubstr("messages[0]"));
  EXPECT_THAT(why(chat(R"({"messages": [{"role": "user"}]})")), HasSubstr("messages[0].content"));
}

TEST(ChatRequest, ANamedToolMustBeThere) {
  const std::string tools =
      R"("tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": )";
  EXPECT_EQ(chat(with(tools + "\"auto\""))->tool_choice.use, ToolUse::automatic);
  EXPECT_EQ(chat(with(tools + "\"none\""))->tool_choice.use, ToolUse::none);
  EXPECT_EQ(
      chat(with(tools + R"({"type": "function", "function": {"name": "f"}})"))->tool_choice.name,
      "f");
  EXPECT_THAT(why(chat(with(tools + R"({"type": "function", "function": {"name": "g"}})"))),
              HasSubstr("tool_choice"));
}

TEST(TokenizeRequest, IsATextOrAChatWithItsSwitches) {
  const auto read = [](const std::string& text) {
    return read_tokenize_request(*parse_request(text), {});
  };
  EXPECT_EQ(read(R"({"prompt": "a"})")->text, "a");
  EXPECT_FALSE(read(R"({"content": "a", "add_special_tokens": false})")->add_special);
  const auto chat = read(with(
      R"("model": "m", "add_generation_prompt": true, "continue_final_message": false,
         "tools": [{"type": "function", "function": {"name": "f"}}],
         "chat_template_kwargs": {"enable_thinking": false})"));
  ASSERT_TRUE(chat);
  EXPECT_FALSE(chat->text);
  EXPECT_EQ(chat->chat.tool_choice.use, ToolUse::automatic);
  EXPECT_EQ(chat->chat.enable_thinking, false);
  EXPECT_EQ(read("{}").error().param, "prompt");
  EXPECT_EQ(read(with(R"("prompt": "a")")).error().param, "messages");
  EXPECT_EQ(read(with(R"("continue_final_message": true)")).error().param,
            "continue_final_message");
  EXPECT_EQ(read(with(R"("add_generation_prompt": false)")).error().param, "add_generation_prompt");
  EXPECT_EQ(read(with(R"("mystery": 1)")).error().code, "unknown_parameter");
}

TEST(ChatRequest, ReasoningHasTwoNames) {
  for (const char* name : {"reasoning", "reasoning_content"}) {
    const auto request = chat(std::string(R"({"messages": [{"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", ")") +
                              name + R"(": "r"}]})");
    ASSERT_TRUE(request) << why(request);
    EXPECT_EQ(request->messages[1]["reasoning_content"], "r");
  }
}

TEST(CompletionRequest, PromptsComeInFourForms) {
  EXPECT_EQ(completion(R"({"prompt": "a"})")->prompts.size(), 1U);
  EXPECT_EQ(completion(R"({"prompt": ["a", "b"]})")->prompts[1].text, "b");
  EXPECT_EQ(completion(R"({"prompt": [1, 2]})")->prompts[0].ids, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(completion(R"({"prompt": [[1], [2, 3]]})")->prompts[1].ids,
            (std::vector<TokenId>{2, 3}));
  for (const char* bad :
       {R"({"prompt": []})", R"({"prompt": [-1]})", R"({"prompt": [1.5]})", R"({"prompt": [[]]})",
        R"({"prompt": {}})", R"({"prompt": [1, "a"]})", R"({"prompt": [99999999999]})", "{}"}) {
    EXPECT_THAT(why(completion(bad)), HasSubstr("prompt")) << bad;
  }
}

TEST(CompletionRequest, DefaultsAndEcho) {
  EXPECT_EQ(completion(R"({"prompt": "a"})")->max_tokens, 16);
  EXPECT_EQ(completion(R"({"prompt": "a", "echo": true, "max_tokens": 0})")->max_tokens, 0);
  EXPECT_THAT(why(completion(R"({"prompt": "a", "max_tokens": 0})")), HasSubstr("echo"));
  EXPECT_THAT(why(completion(R"({"prompt": "a", "best_of": 3})")), HasSubstr("best_of"));
  EXPECT_THAT(why(completion(R"({"prompt": "a", "suffix": "b"})")), HasSubstr("suffix"));
  EXPECT_THAT(why(completion(R"({"prompt": ["a", "b"], "n": 100})")), HasSubstr("completions"));
  EXPECT_EQ(completion(R"({"prompt": "a", "logprobs": 5})")->logprobs, 5);
}

}  // namespace
}  // namespace assay::serve
