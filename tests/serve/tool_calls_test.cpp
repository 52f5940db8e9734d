#include "serve/tool_calls.h"

#include <gmock/gmock.h>

#include "decode/grammar/json_schema.h"
#include "decode/grammar/matcher.h"

namespace assay::serve {
namespace {

using ::testing::HasSubstr;

Json tools() {
  return Json::parse(R"([{"type": "function", "function": {"name": "add", "parameters":
      {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}}},
      {"type": "function", "function": {"name": "now", "parameters": {"type": "object",
      "properties": {}}}}])");
}

ToolDelta read(ToolForm form, const std::string& text, std::size_t step) {
  ToolText parts(form, tools());
  ToolDelta sum;
  const auto add = [&](ToolDelta delta) {
    sum.content += delta.content;
    for (ToolCall& call : delta.calls) sum.calls.push_back(std::move(call));
  };
  for (std::size_t at = 0; at < text.size(); at += step) {
    add(parts.push(std::string_view(text).substr(at, step)));
  }
  add(parts.finish());
  return sum;
}

TEST(ToolCalls, FormsAreKnownByTheirTemplates) {
  EXPECT_EQ(tool_form("{% for m in messages %}"), ToolForm::none);
  EXPECT_EQ(tool_form("{%- if tools %}<tool_call>"), ToolForm::tagged);
  EXPECT_EQ(tool_form("{% if tools %}{\"name\": f, \"parameters\": x}"), ToolForm::bare);
  EXPECT_EQ(tool_form("{% if tools %}[TOOL]"), ToolForm::none);
}

TEST(ToolCalls, TaggedCallsAreTakenOutOfTheText) {
  const std::string text =
      "Let me see.\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call>\n"
      "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const ToolDelta delta = read(ToolForm::tagged, text, step);
    EXPECT_EQ(delta.content, "Let me see.") << step;
    ASSERT_EQ(delta.calls.size(), 2U) << step;
    EXPECT_EQ(delta.calls[0].name, "add");
    EXPECT_EQ(delta.calls[0].arguments, R"({"a":1})");
    EXPECT_EQ(delta.calls[1].arguments, "{}");
  }
}

TEST(ToolCalls, WhatOnlyLooksLikeACallStaysText) {
  for (const char* text :
       {"<tool_call>\nnot JSON\n</tool_call>", "<tool_call>{\"name\": \"other\"}</tool_call>",
        "<tool_call>{\"name\": \"add\"", "a < b and <tool_cal", "x \n"}) {
    for (std::size_t step = 1; step < 9; ++step) {
      const ToolDelta delta = read(ToolForm::tagged, text, step);
      EXPECT_EQ(delta.content, text) << step;
      EXPECT_TRUE(delta.calls.empty()) << text;
    }
  }
  EXPECT_EQ(read(ToolForm::none, "<tool_call>", 3).content, "<tool_call>");
}

TEST(ToolCalls, AnUnclosedCallThatIsWholeCounts) {
  const ToolDelta delta = read(ToolForm::tagged, "<tool_call>{\"name\": \"now\"}", 5);
  ASSERT_EQ(delta.calls.size(), 1U);
  EXPECT_EQ(delta.content, "");
}

TEST(ToolCalls, BareCallsAreTheWholeAnswer) {
  for (const char* text : {R"({"name": "add", "parameters": {"a": 1}})",
                           R"(<|python_tag|>{"name": "add", "parameters": {"a": 1}})"}) {
    const ToolDelta delta = read(ToolForm::bare, text, 4);
    ASSERT_EQ(delta.calls.size(), 1U) << text;
    EXPECT_EQ(delta.calls[0].arguments, R"({"a":1})");
  }
  EXPECT_EQ(read(ToolForm::bare,
                 R"({"name": "now", "parameters": {}}; {"name": "now", "parameters": {}})", 7)
                .calls.size(),
            2U);
  EXPECT_EQ(read(ToolForm::bare, "Hello {", 2).content, "Hello {");
  EXPECT_EQ(read(ToolForm::bare, R"({"x": 1})", 2).content, R"({"x": 1})");
}

bool allows(ToolForm form, const ToolChoice& choice, std::string_view text) {
  grammar::Grammar g;
  const auto rules = tool_call_rules(g, form, tools(), choice);
  EXPECT_TRUE(rules);
  const grammar::Sequence start = *rules;
  grammar::Matcher matcher(value_or_throw(grammar::finished(std::move(g), start)));
  const auto end = matcher.next(matcher.start(), text);
  return end != grammar::Matcher::kDead && matcher.accepting(end);
}

TEST(ToolCalls, RequiredCallsAreTheOnlyText) {
  const std::string add =
      "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call>";
  const std::string now = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";
  const ToolChoice any{ToolUse::required, "", true};
  EXPECT_TRUE(allows(ToolForm::tagged, any, add));
  EXPECT_TRUE(allows(ToolForm::tagged, any, add + "\n" + now));
  EXPECT_FALSE(allows(ToolForm::tagged, {ToolUse::required, "", false}, add + "\n" + now));
  EXPECT_FALSE(allows(ToolForm::tagged, {ToolUse::required, "now", true}, add));
  EXPECT_FALSE(allows(ToolForm::tagged, any, "Hello"));
  EXPECT_TRUE(allows(ToolForm::bare, any, R"({"name": "add", "parameters": {"a": 1}})"));
}

TEST(ToolCalls, AnUnsupportedSchemaNamesItsTool) {
  Json bad = tools();
  bad[1]["function"]["parameters"] = {{"type", "object"}, {"minProperties", 2}};
  grammar::Grammar g;
  const auto rules = tool_call_rules(g, ToolForm::tagged, bad, {ToolUse::required, "", true});
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().param, "tools[1].function.parameters");
  EXPECT_THAT(rules.error().message, HasSubstr("minProperties"));
}

}  // namespace
}  // namespace assay::serve
