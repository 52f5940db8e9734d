#include "serve/tool_calls.h"

#include <gmock/gmock.h>

#include "decode/grammar/json_schema.h"
#include "decode/grammar/matcher.h"
#include "serve/messages.h"

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
    EXPECT_EQ(delta.calls[0].arguments, R"({"a": 1})");
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
    EXPECT_EQ(delta.calls[0].arguments, R"({"a": 1})");
  }
  EXPECT_EQ(read(ToolForm::bare,
                 R"({"name": "now", "parameters": {}}; {"name": "now", "parameters": {}})", 7)
                .calls.size(),
            2U);
  EXPECT_EQ(read(ToolForm::bare, "Hello {", 2).content, "Hello {");
  EXPECT_EQ(read(ToolForm::bare, R"({"x": 1})", 2).content, R"({"x": 1})");
}

TEST(ToolCalls, WhatClosesACallMayStandInItsStrings) {
  const std::string arguments =
      R"({"a": "x}; {\"name\"", "b": "</tool_call>\\", "c" :[1.50, {"d":"}"}]})";
  for (std::size_t step = 1; step < 60; ++step) {
    const ToolDelta bare = read(ToolForm::bare,
                                R"({"name": "add", "parameters": )" + arguments + " } ; \n" +
                                    R"({"parameters": {}, "name": "now"};)",
                                step);
    ASSERT_EQ(bare.calls.size(), 2U) << bare.content;
    EXPECT_EQ(bare.calls[0].arguments, arguments) << "as it was written";
    EXPECT_EQ(bare.calls[1].name, "now");
    const ToolDelta tagged =
        read(ToolForm::tagged,
             "<tool_call>{\"name\": \"add\", \"arguments\":" + arguments +
                 "}\n</tool_call><tool_call>{\"name\": \"now\"}</tool_call> done",
             step);
    ASSERT_EQ(tagged.calls.size(), 2U) << tagged.content;
    EXPECT_EQ(tagged.calls[0].arguments, arguments);
    EXPECT_EQ(tagged.calls[1].arguments, "{}");
    EXPECT_EQ(tagged.content, " done");
  }
}

TEST(ToolCalls, ABrokenCallHidesNoOther) {
  const std::string broken = "<tool_call>{\"name\": \"add\", </tool_call>";
  for (std::size_t step = 1; step < 60; ++step) {
    const ToolDelta delta =
        read(ToolForm::tagged, broken + "<tool_call>{\"name\": \"now\"}</tool_call>", step);
    EXPECT_EQ(delta.content, broken);
    EXPECT_EQ(delta.calls.size(), 1U);
  }
}

TEST(ToolCalls, ArgumentsAreAnObject) {
  EXPECT_EQ(read(ToolForm::bare, R"({"name": "add", "parameters": "{\"a\": 1}"})", 9)
                .calls.at(0)
                .arguments,
            R"({"a": 1})");
  for (const char* other : {"[1]", "3", "true"}) {
    const std::string text = std::string(R"({"name": "add", "parameters": )") + other + "}";
    EXPECT_EQ(read(ToolForm::bare, text, 9).content, text);
  }
}

std::string parameters_of(const std::string& parameters) {
  const Json offered =
      Json::array({{{"type", "function"},
                    {"function", {{"name", "f"}, {"parameters", Json::parse(parameters)}}}}});
  const ApiResult<Json> read = read_tools(offered, {});
  return read ? (*read)[0]["function"]["parameters"].dump() : read.error().param;
}

TEST(ToolCalls, ParametersAreASchemaOfObjects) {
  EXPECT_EQ(parameters_of("{}"), R"({"type":"object"})");
  EXPECT_EQ(parameters_of(R"({"properties":{"a":{}}})"),
            R"({"properties":{"a":{}},"type":"object"})");
  const std::string by_name =
      R"({"$ref":"#/$defs/a%20b","$defs":{"a b":{"type":"object","properties":{}}}})";
  EXPECT_EQ(parameters_of(by_name), by_name);
  for (const char* other :
       {R"({"type":"string"})", R"({"type":["object","null"]})", R"({"enum":[1]})", "[]", "true",
        R"({"anyOf":[{"type":"object"},{"type":"null"}]})", R"({"$ref":"#"})"}) {
    EXPECT_EQ(parameters_of(other), "tools[0].function.parameters") << other;
  }
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
