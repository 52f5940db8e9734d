#include "model/conversation.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/model/tiny_vocabulary.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

Tokenizer tokenizer(bool add_bos) {
  TokenizerSpec spec = testing::tiny_vocabulary();
  spec.add_bos = add_bos;
  for (std::string& token : spec.tokens) {
    if (token == "<s><s>") token = "<x>";
  }
  return value_or_throw(Tokenizer::create(std::move(spec)));
}

BuiltPrompt built(const Tokenizer& tokens, const std::string& source, Conversation conversation) {
  const PromptBuilder prompts = value_or_throw(PromptBuilder::create(tokens, source, {}));
  return value_or_throw(
      value_or_throw(ConversationTemplate::compile(source)).build(conversation, tokens, prompts));
}

TEST(ConversationTemplate, PlainMessagesGiveThePromptOfAnEval) {
  for (const bool add_bos : {false, true}) {
    const Tokenizer tokens = tokenizer(add_bos);
    for (const char* source :
         {"{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ m.content }}{{ eos_token }}"
          "{% endfor %}{% if add_generation_prompt %}a:{% endif %}",
          "{% for m in messages %}{{ m['content'] }}{% endfor %}<think>\n"}) {
      Prompt prompt;
      prompt.messages = {{"system", "be brief"}, {"user", "hello"}};
      prompt.assistant_prefix = "x";
      const BuiltPrompt expected =
          value_or_throw(value_or_throw(PromptBuilder::create(tokens, source, {})).build(prompt));
      const Json messages = {{{"role", "system"}, {"content", "be brief"}},
                             {{"role", "user"}, {"content", "hello"}}};
      const BuiltPrompt same = built(tokens, source, {&messages, nullptr, "x", std::nullopt});
      EXPECT_EQ(same.ids, expected.ids) << source << add_bos;
      EXPECT_EQ(same.thinking_open, expected.thinking_open);
    }
  }
}

TEST(ConversationTemplate, ToolsAndOtherMembersReachTheTemplate) {
  const Json tools = Json::parse(R"([{"type": "function", "function": {"name": "f"}}])");
  const Json messages = Json::parse(
      R"([{"role": "assistant", "content": null, "tool_calls": [{"function": {"z": 1, "a": 2.5}}]}])");
  const BuiltPrompt prompt =
      built(tokenizer(false),
            "{{ tools | tojson }} {{ messages[0].tool_calls[0].function | tojson }} "
            "{{ messages[0].content is none }} {{ enable_thinking }}",
            {&messages, &tools, "", false});
  EXPECT_EQ(prompt.text, R"([{"type": "function", "function": {"name": "f"}}] {"z": 1, "a": 2.5} )"
                         "True False");
}

TEST(ConversationTemplate, FailuresSayWhere) {
  const Tokenizer tokens = tokenizer(false);
  const PromptBuilder prompts = value_or_throw(PromptBuilder::create(tokens, "", {}));
  const Json messages = Json::array();
  const auto none = value_or_throw(ConversationTemplate::compile(""))
                        .build({&messages, nullptr, "", std::nullopt}, tokens, prompts);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().line(), HasSubstr("no chat template"));
  const auto raises = value_or_throw(ConversationTemplate::compile("\n{{ raise_exception('no') }}"))
                          .build({&messages, nullptr, "", std::nullopt}, tokens, prompts);
  ASSERT_FALSE(raises);
  EXPECT_THAT(raises.error().line(), HasSubstr("chat template line 2: the template refuses: no"));
  EXPECT_FALSE(ConversationTemplate::compile("{% if"));
}

}  // namespace
}  // namespace assay
