// Templates that attack, and templates outside the subset: a clean failure with its line, always.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/chat_template.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string compile_error(const std::string& source) {
  const Result<ChatTemplate> compiled = ChatTemplate::compile(source);
  return compiled ? "compiles" : compiled.error().message();
}

std::string render_error(const std::string& source, std::vector<Message> messages = {}) {
  const Result<ChatTemplate> compiled = ChatTemplate::compile(source);
  if (!compiled) return "does not compile: " + compiled.error().message();
  TemplateInputs inputs;
  inputs.messages = std::move(messages);
  const Result<std::string> text = compiled->render(inputs);
  return text ? "renders " + text->substr(0, 100) : text.error().message();
}

std::string repeated(const std::string& piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

TEST(ChatTemplateRefuses, ByNameAndLine) {
  EXPECT_EQ(compile_error("a\nb\n{{ x | xmlattr }}"),
            "chat template line 3: filter 'xmlattr' is not supported");
  EXPECT_EQ(compile_error("{{ x | e }}"), "chat template line 1: filter 'e' is not supported");
  EXPECT_EQ(compile_error("{{ x | escape }}"),
            "chat template line 1: filter 'escape' is not supported");
  EXPECT_EQ(compile_error("\n{{ x is sameas none }}"),
            "chat template line 2: test 'sameas' is not supported");
  for (const char* tag : {"include 'x'", "import 'x' as y", "extends 'x'", "block b", "call m()",
                          "filter upper", "with x = 1", "do x", "autoescape true", "trans"}) {
    const std::string name = std::string(tag).substr(0, std::string(tag).find(' '));
    EXPECT_EQ(compile_error(std::string("\n\n{% ") + tag + " %}"),
              "chat template line 3: tag '" + name + "' is not supported");
  }
  EXPECT_EQ(compile_error("{{ cycler('a') }}"), "chat template line 1: 'cycler' is not supported");
  EXPECT_EQ(compile_error("{{ f(*x) }}"),
            "chat template line 1: '*' before an argument is not supported");
  EXPECT_EQ(compile_error("{{ x[1, 2] }}"),
            "chat template line 1: a tuple as subscript is not supported");
  EXPECT_THAT(compile_error("{{ 'a' + x | safe + 'b' }}"), HasSubstr("filter 'safe'"));
  EXPECT_THAT(compile_error("{{ 'a' + x | safe }}"), HasSubstr("filter 'safe'"));
  EXPECT_THAT(compile_error("{% for x in y recursive %}{% endfor %}"), HasSubstr("recursive"));
  EXPECT_THAT(compile_error("{{ 0x10 }}"), HasSubstr("hexadecimal"));
  EXPECT_THAT(compile_error("{{ '\\N{DASH}' }}"), HasSubstr("\\N"));
  EXPECT_THAT(compile_error("{{ '\\ud800' }}"), HasSubstr("code point"));
  EXPECT_THAT(compile_error("{{ é }}"), HasSubstr("unexpected character 'é'"));
  EXPECT_EQ(render_error("{{ 1 }}\n{{ 'a'.zfill(3) }}"),
            "chat template line 2: str method 'zfill' is not supported");
  EXPECT_EQ(render_error("{{ [1].append(2) }}"),
            "chat template line 1: list method 'append' is not supported");
  EXPECT_EQ(render_error("{{ {}.update({}) }}"),
            "chat template line 1: dict method 'update' is not supported");
  EXPECT_THAT(render_error("{{ '%s' % 1 }}"), HasSubstr("formatting a string with '%'"));
  EXPECT_THAT(render_error("{{ strftime_now('%Z') }}"), HasSubstr("'%Z' is not supported"));
  EXPECT_THAT(render_error("{% for x in [1] %}{{ loop.cycle(1) }}{% endfor %}"),
              HasSubstr("loop.cycle is not supported"));
}

TEST(ChatTemplateRefuses, ErrorsAreOneLineWithoutControlCharacters) {
  const std::string error = render_error("\n{{ raise_exception('two\\nlines \\x1b[31m red') }}");
  EXPECT_THAT(error, StartsWith("chat template line 2: the template refuses: two"));
  EXPECT_EQ(error.find('\n'), std::string::npos);
  EXPECT_EQ(error.find('\x1b'), std::string::npos);
  EXPECT_LT(render_error("{{ raise_exception('x' * 100000) }}").size(), 1000U);
}

TEST(ChatTemplateRefuses, BrokenSyntax) {
  for (const char* source : {"{{",
                             "{%",
                             "{#",
                             "{{ x",
                             "{% if x",
                             "{% if x %}",
                             "{{ 'x }}",
                             "{{ [1, }}",
                             "{{ (1 }}",
                             "{{ {'a' 1} }}",
                             "{{ x. }}",
                             "{{ x[ }}",
                             "{{ x[] }}",
                             "{{ x | }}",
                             "{{ x is }}",
                             "{{ 1 + }}",
                             "{% for %}",
                             "{% for x %}",
                             "{% for x in %}",
                             "{% set %}",
                             "{% set x = %}",
                             "{% set 1 = 2 %}",
                             "{% macro %}",
                             "{% macro m( %}",
                             "{% macro m(a=1, b) %}{% endmacro %}",
                             "{% %}",
                             "{% 5 %}",
                             "{% raw %}",
                             "{{ a b }}",
                             "{{ ) }}",
                             "{{ 1..2 }}",
                             "{% endfor %}",
                             "{% else %}",
                             "{{ ! }}",
                             "{% set none = 1 %}",
                             "{{ f(a=1, a=2) }}",
                             "{{ f(a=1, 2) }}",
                             "{{ x if }}",
                             "{{ 'a\\x4' }}",
                             "{{ 99999999999999999999 }}",
                             "{% set a.b.c = 1 %}",
                             "{% set a, b %}{% endset %}"}) {
    EXPECT_THAT(compile_error(source), StartsWith("chat template line 1: ")) << source;
  }
}

TEST(ChatTemplateBudget, Parsing) {
  EXPECT_THAT(compile_error("{{ " + repeated("(", 10000) + "1" + repeated(")", 10000) + " }}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(compile_error("{{ " + repeated("[", 10000) + repeated("]", 10000) + " }}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(compile_error("{{ " + repeated("not ", 10000) + "1 }}"), HasSubstr("nested deeper"));
  EXPECT_THAT(compile_error("{{ " + repeated("- ", 10000) + "1 }}"), HasSubstr("nested deeper"));
  EXPECT_THAT(compile_error("{{ 1" + repeated(" if 1 else 1", 10000) + " }}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(compile_error("{{ 1" + repeated(" + 1", 10000) + " }}"), HasSubstr("levels"));
  EXPECT_THAT(compile_error("{{ x" + repeated(".a", 10000) + " }}"), HasSubstr("levels"));
  EXPECT_THAT(compile_error("{{ x" + repeated("|d", 10000) + " }}"), HasSubstr("levels"));
  EXPECT_THAT(compile_error("{{ x" + repeated("()", 10000) + " }}"), HasSubstr("levels"));
  EXPECT_THAT(compile_error("{{ 1" + repeated(" if 1", 10000) + " }}"), HasSubstr("levels"));
  EXPECT_THAT(compile_error(repeated("{% if 1 %}", 10000)), HasSubstr("nested deeper"));
  EXPECT_THAT(compile_error(repeated("{% for x in y %}", 10000)), HasSubstr("nested deeper"));
  EXPECT_THAT(compile_error(std::string(2 << 20, 'x')), HasSubstr("larger than"));
  // Wide is fine.
  EXPECT_EQ(compile_error("{{ 1" + repeated(" ~ 1", 10000) + " }}"), "compiles");
  EXPECT_EQ(compile_error("{% if 0 %}" + repeated("{% elif 0 %}", 5000) + "{% endif %}"),
            "compiles");
}

TEST(ChatTemplateBudget, Steps) {
  EXPECT_THAT(render_error("{% for i in range(10**9) %}{% endfor %}"), HasSubstr("range has more"));
  EXPECT_THAT(render_error("{{ range(-9223372036854775807, 9223372036854775807)|list }}"),
              HasSubstr("range has more"));
  EXPECT_THAT(render_error("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}"
                           "{% endfor %}"),
              HasSubstr("budget"));
  EXPECT_THAT(
      render_error("{% set ns = namespace(x='ab' * 10000000) %}"
                   "{% for i in range(99999) %}{% if 'ac' in ns.x %}{% endif %}{% endfor %}"),
      HasSubstr("budget"));
  EXPECT_THAT(render_error("{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(render_error("{{ ('a' * 10000000).rsplit('a' * 5000000 + 'b') }}"),
              HasSubstr("budget"));
}

TEST(ChatTemplateBudget, Recursion) {
  EXPECT_THAT(render_error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
              HasSubstr("line 1: nested deeper"));
  EXPECT_THAT(render_error("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}"
                           "{% endmacro %}{{ a() }}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(render_error("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}"
                           "{% set ns.x = [ns.x] %}{% endfor %}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(render_error("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(render_error("{% set ns = namespace(x=1) %}{% for i in range(50000) %}"
                           "{% for y in [ns.x] %}{% set ns.x = loop %}{% endfor %}{% endfor %}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(render_error("{% set ns = namespace(x='') %}{% for i in range(50000) %}"
                           "{% set ns.x = [ns.x].index %}{% endfor %}"),
              HasSubstr("nested deeper"));
}

TEST(ChatTemplateBudget, Memory) {
  EXPECT_THAT(render_error("{{ 'x' * 10**9 }}"), HasSubstr("elements"));
  EXPECT_THAT(render_error("{{ 'x' * 9223372036854775807 }}"), HasSubstr("elements"));
  EXPECT_THAT(render_error("{{ [1] * 10**8 }}"), HasSubstr("budget"));
  EXPECT_THAT(render_error("{% set ns = namespace(s='x') %}{% for i in range(64) %}"
                           "{% set ns.s = ns.s + ns.s %}{% endfor %}"),
              HasSubstr("budget"));
  EXPECT_THAT(render_error("{% set ns = namespace(s=[1]) %}{% for i in range(64) %}"
                           "{% set ns.s = ns.s + ns.s %}{% endfor %}"),
              HasSubstr("budget"));
  EXPECT_THAT(render_error("{{ ('a' * 10000000).replace('a', 'b' * 10000000) }}"),
              HasSubstr("budget"));
  EXPECT_THAT(render_error("{{ ('a' * 10000000) | replace('', 'b' * 10000000) }}"),
              HasSubstr("budget"));
  EXPECT_THAT(render_error("{{ ('b' * 10000000).join('a' * 10000) }}"), HasSubstr("budget"));
  EXPECT_THAT(render_error("{{ ('a\\n' * 1000000) | indent(1000000) }}"), HasSubstr("budget"));
  EXPECT_THAT(render_error("{{ 'a' | indent(10**12) }}"), HasSubstr("budget"));
  EXPECT_THAT(render_error("{{ [[1]] | tojson(indent=10**12) }}"), HasSubstr("budget"));
  EXPECT_THAT(render_error("{{ ('a' * 100000000) | list }}"), HasSubstr("budget"));
  EXPECT_THAT(render_error("{{ ('a,' * 50000000).split(',') }}"), HasSubstr("budget"));
  EXPECT_THAT(render_error("{% set ns = namespace(x=[1]) %}{% for i in range(50) %}"
                           "{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}"),
              HasSubstr("budget"));
  EXPECT_THAT(render_error("{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(50) %}"
                           "{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}"
                           "{{ ns.x == ns.y }}"),
              HasSubstr("budget"));
}

TEST(ChatTemplateBudget, Output) {
  EXPECT_THAT(render_error("{% set x = 'x' * 1000000 %}{% for i in range(1000) %}{{ x }}"
                           "{% endfor %}"),
              HasSubstr("output is larger than 16 MiB"));
  EXPECT_THAT(render_error("{% for i in range(10) %}{{ messages[0].content }}{% endfor %}",
                           {{"user", std::string(4 << 20, 'x')}}),
              HasSubstr("output is larger than 16 MiB"));
}

TEST(ChatTemplateBudget, ALongConversationFits) {
  std::vector<Message> messages;
  for (int i = 0; i < 200; ++i) {
    messages.push_back({i % 2 == 0 ? "user" : "assistant", std::string(20000, 'x')});
  }
  EXPECT_THAT(
      render_error("{% set ns = namespace(n=0) %}{% for m in messages %}"
                   "{{ '<' + m.role + '>' + m.content.split('</think>')[-1] | trim + '\n' }}"
                   "{% endfor %}",
                   messages),
      StartsWith("renders <user>xxx"));
}

TEST(ChatTemplateArithmetic, NeverOverflows) {
  for (const char* expression :
       {"9223372036854775807 + 1", "-9223372036854775807 - 2", "9223372036854775807 * 2", "2 ** 63",
        "2 ** 10000000000", "-(-9223372036854775807 - 1)", "(-9223372036854775807 - 1) // -1",
        "(-9223372036854775807 - 1) | abs", "[9223372036854775807, 1] | sum"}) {
    EXPECT_THAT(render_error(std::string("{{ ") + expression + " }}"), HasSubstr("64 bits"))
        << expression;
  }
  EXPECT_EQ(render_error("{{ (-9223372036854775807 - 1) % -1 }}"), "renders 0");
  EXPECT_THAT(render_error("{{ 1e308 ** 2 }}"), HasSubstr("too large"));
  EXPECT_THAT(render_error("{{ (-8) ** 0.5 }}"), HasSubstr("complex"));
}

TEST(ChatTemplateBytes, InvalidUtf8PassesThrough) {
  const std::string bytes = "a\xff\xc3(\xf0\x9f\x99 \xed\xa0\x80z";
  const auto render = [&](const std::string& source) {
    TemplateInputs inputs;
    inputs.messages = {{"user", bytes}};
    const Result<ChatTemplate> compiled = ChatTemplate::compile(source);
    return compiled ? compiled->render(inputs).value_or("failed") : "refused";
  };
  EXPECT_EQ(render("{{ messages[0].content }}"), bytes);
  EXPECT_EQ(render("{{ messages[0].content | trim }}"), bytes);
  EXPECT_EQ(render("{{ messages[0].content[::-1][::-1] }}"), bytes);
  EXPECT_EQ(render("{{ messages[0].content | upper | lower }}"), bytes);
  EXPECT_EQ(render("{{ messages[0].content | length }}"), "12");
  EXPECT_EQ(render("{{ messages[0].content.strip('az')[0] }}"), "\xff");
  EXPECT_EQ(render("{{ messages[0].content.split('(')[0] }}"), "a\xff\xc3");
  EXPECT_NE(render("{{ messages | tojson }}{{ messages }}"), "failed");
  EXPECT_EQ(render("x\xff{{ '\xfe' }}"), "x\xff\xfe");
}

TEST(ChatTemplateValues, CyclesAreFreed) {
  // Checked by the leak sanitizer.
  EXPECT_EQ(render_error("{% set ns = namespace() %}{% set ns.a = namespace(b=ns) %}"
                         "{% for i in [1] %}{% macro m() %}{{ i }}{% endmacro %}{% set ns.m = m %}"
                         "{% endfor %}{% set again = ns.m %}{{ again() }}"),
            "renders 1");
}

TEST(ChatTemplateValues, BadDateIsNamed) {
  const Result<ChatTemplate> compiled = ChatTemplate::compile("{{ strftime_now('%Y') }}");
  ASSERT_TRUE(compiled);
  for (const char* date : {"", "today", "2026-13-01", "2026-02-30", "2026-01-01T25:00:00"}) {
    TemplateInputs inputs;
    inputs.date_iso = date;
    const Result<std::string> text = compiled->render(inputs);
    ASSERT_FALSE(text) << date;
    EXPECT_THAT(text.error().message(), HasSubstr("is no date of the form"));
  }
}

}  // namespace
}  // namespace assay
