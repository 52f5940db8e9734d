// Small templates, one construct each; what they should give is computed by jinja2.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/model/chat_template/jinja_oracle.h"

namespace assay {
namespace {

using testing::OracleCase;

TemplateInputs inputs() {
  TemplateInputs result;
  result.messages = {{"system", "Be brief."},
                     {"user", "Grüße, <b>Ωmega</b> \"q\" 'x' \\ 🙂\n\tend "},
                     {"assistant", "<think>\nhm\n</think>\n\nAnswer"},
                     {"user", ""}};
  result.bos_token = "<s>";
  result.eos_token = "</s>";
  result.date_iso = "2026-03-07T15:04:05";
  return result;
}

void expect_same(const std::vector<std::string>& sources) {
  std::vector<OracleCase> cases;
  for (const std::string& source : sources) cases.push_back({source, source, inputs()});
  testing::expect_same_as_jinja2(cases);
}

TEST(JinjaBattery, WhitespaceControl) {
  ASSAY_REQUIRE_TEST_PYTHON();
  expect_same({
      "a\n  {% if true %}\n  b\n  {% endif %}\nc\n",
      "a\n  {%- if true -%}\n  b\n  {%- endif -%}\nc\n",
      "a\n  {%+ if true %}\n  b\n  {%+ endif +%}\nc\n",
      "a\n  {%+ if true +%}\n  b\n  {%- endif +%}\n\nc",
      "  {{ 1 }}  \n  {{- 2 -}}  \n  {{ 3 }}\n",
      "  {# comment #}  \n b {#- c -#} d \n{# e #}\nf",
      "a {#+ x +#}\n b",
      "  {% set x = 1 %}  \n  {{ x }}",
      "x\n\n  {%- set y = 2 %}\n\n{{ y }}\n\n",
      "{% raw %}\n {{ x }} {% if %} {% endraw %}\n after",
      "a\n  {%- raw -%}\n  {{ x }} \n {%- endraw -%}  \n b",
      "  {% raw %}x{% endraw %}  ",
      "line\r\nnext\rlast\r\n{{ 'a\r\nb' }}",
      "{% if true %}\n\n  x\n{% endif %}",
      "{%if true%}x{%endif%}{%-if true-%} y {%-endif-%} z",
      "\u00a0 {%- if true %} \u2003{%- endif %}x",
      "{{ '{{' }}{{ '%}' }}{{ {'a': {'b': 1}}.a.b }}{{ {'a': {'b': 2}}['a']['b'] }}",
      "no tags, { single } {braces} % # }} %}",
      "text\n",
      "text\n\n",
      "\n",
      "",
      "{% for i in [1, 2] %}\n  {{ i }}\n{% endfor %}\n.",
      "{{ 1 }}\n{{ 2 }}\n",
      "a {{-1}} {{ -1 }} {{+1}} {{- -1}}",
      "{% if true -%}   x   {%- else -%} y {%- endif %}   z",
      "a{% set x %}\n  captured  \n{% endset %}[{{ x }}]",
  });
}

TEST(JinjaBattery, Expressions) {
  ASSAY_REQUIRE_TEST_PYTHON();
  expect_same({
      "{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }}",
      "{{ 7 / 2 }} {{ 6 / 3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ -2 ** 2 }} {{ 2 ** 3 ** 2 }}",
      "{{ 7.5 // 2 }} {{ -7.5 // 2 }} {{ 7.5 % 2 }} {{ -7.5 % 2 }} {{ 5.0 % -3 }} {{ 0.0 // -2 }}",
      "{{ 1e3 }} {{ 1.5e-7 }} {{ 1e16 }} {{ 123456789012345.0 }} {{ 0.1 + 0.2 }} {{ 1e22 }}",
      "{{ 1_000 }} {{ 1.0 }} {{ 100.0 * 1.1 }} {{ 3.0 == 3 }} {{ 1e-5 }} {{ 0.0001 }}",
      "{{ true + true }} {{ True }} {{ false }} {{ none }} {{ None }} {{ not 1 }}",
      "{{ 1 if true else 2 }} {{ 1 if false }} {{ 1 if false else 2 if false else 3 }}",
      "{{ 'a' ~ 1 ~ none ~ 2.0 ~ [1, 'x'] ~ true ~ nothing }}",
      "{{ 'a' + 'b' * 3 }} {{ 2 * 'ab' }} {{ [1] + [2] * 2 }} {{ (1,) + (2, 3) }} {{ 'a' * -1 }}",
      "{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }}",
      "{{ 1 == 1.0 }} {{ 1 != 2 }} {{ '1' == 1 }} {{ [1] == [1] }} {{ (1,) == [1] }}",
      "{{ {'a': 1} == {'a': 1.0} }} {{ none == none }} {{ nothing == other }} {{ true == 1 }}",
      "{{ 'b' in 'abc' }} {{ 'd' not in 'abc' }} {{ 1 in [1, 2] }} {{ 'a' in {'a': 1} }}",
      "{{ 'x' in nothing }} {{ '' in 'abc' }} {{ not 1 in [2] }} {{ 1 in (1, 2) and 2 in [2] }}",
      "{{ 0 or 'x' }} {{ 1 and '' }}|{{ none or nothing or [] }} {{ not (1 and 0) or 2 }}",
      "{{ 1 or undefined_thing.x }} {{ 0 and undefined_thing.x }}",
      "{{ [1, 'a\\'b', \"c\", none, true, 1.5, {'k': [2]}, (1,), ()] }}",
      "{{ {'a': 1, 2: 'b', none: 3, 'a': 4} }} {{ {} }} {{ [] }} {{ () }} {{ (1) }} {{ (1,) }}",
      "{{ 'tab\\tnl\\nq\\'uo\\\"te\\\\ \\x41 \\u00e9 \\U0001F642 \\101 \\q' }}",
      "{{ ['\\t\\n\\r\\x00\\x7f\\u00a0\\u200b\\u00ad é 🙂 \\'\"'] }} {{ [\"it's\"] }}",
      "{{ 'adjacent' ' strings' \" joined\" }}",
      "{{ nothing }}|{{ [nothing] }}|{{ nothing | length }}|{{ messages[0].nothing }}",
      "{{ nothing.x }}",
      "{{ nothing + 1 }}",
      "{{ nothing() }}",
      "{{ messages[9].role }}",
      "{{ messages[9] }}|{{ messages[-1].role }}|{{ messages[0]['role'] }}|{{ messages.0.role }}",
      "{{ 1 / 0 }}",
      "{{ 1 % 0 }}",
      "{{ 'a' + 1 }}",
      "{{ 'a' < 1 }}",
      "{{ none + 'a' }}",
      "{{ -'a' }} ",
      "{{ 1, 2, 'x' }} {{ 1, }}",
      "{{ }}",
      "{{ 1 2 }}",
      "{{ (1 }}",
      "{{ 'open }}",
      "{% if %}x{% endif %}",
      "{{ true is defined and false or none }} {{ (1 if 0 else 2) + 3 }}",
      "{{ [1, 2, 3,] }} {{ {'a': 1,} }} {{ dict(a=1, b='x') }} {{ dict({'z': 1}, y=2) }}",
      "{{ ((((((1)))))) }} {{ - - 1 }} {{ not not 1 }} {{ -1.5 }} {{ +2 }}",
      "{{ 1 if messages else 2 }}{{ 'yes' if 'Grüße' in messages[1].content else 'no' }}",
      "{{ '%d' }} {{ 'ab'[0] }} {{ 'ab'[5] }}|{{ 'Ωmega'[0] }} {{ 'a🙂b'[1] }} {{ 'ab'[-1] }}",
      "{{ 'abc'['x'] }}|{{ [1]['x'] }}|{{ 5['x'] }}|{{ none['x'] }}|{{ {'a': 1}[[1]] }}",
      "{{ 9223372036854775807 }} {{ -9223372036854775807 - 1 }} {{ 4611686018427387904 + 1 }}",
      "{{ 1.5|int }} {{ 2 ** 62 }} {{ (2 ** 0.5) > 1.41 }} {{ 10 // 3.0 }}",
  });
}

TEST(JinjaBattery, Slices) {
  ASSAY_REQUIRE_TEST_PYTHON();
  expect_same({
      "{{ 'abcdef'[1:3] }} {{ 'abcdef'[:-1] }} {{ 'abcdef'[::-1] }} {{ 'abcdef'[4:1:-2] }}",
      "{{ 'Grüße🙂x'[2:5] }} {{ 'Grüße🙂x'[::-1] }} {{ 'Grüße'[-2:] }} {{ 'Grüße' | "
      "length "
      "}}",
      "{{ [1,2,3,4][1:] }} {{ [1,2,3,4][:2] }} {{ [1,2,3,4][::-1] }} {{ [1,2,3][10:] }}",
      "{{ [1,2,3,4][-100:100] }} {{ [1,2,3,4][3:0:-1] }} {{ (1,2,3)[1:] }} {{ [1,2,3][::2] }}",
      "{{ [1,2,3][none:none:none] }} {{ range(10)[::-1]|list }} {{ 'abc'[:0] }}|{{ ''[::-1] }}|",
      "{{ [1,2,3][::0] }}",
      "{{ [1,2,3]['a':] }}",
      "{{ none[1:] }}",
      "{{ messages[1:] | length }} {{ messages[::-1][0].role }} {{ messages[:-1][-1].role }}",
      "{{ 'abc'[9223372036854775807:] }}|{{ 'abc'[-9223372036854775807:2] }}",
      "{{ 'abcdef'[1:5][::-1][1:] }} {{ 'abcdef'[5:0:-9223372036854775807] }}",
  });
}

TEST(JinjaBattery, Methods) {
  ASSAY_REQUIRE_TEST_PYTHON();
  expect_same({
      "{{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b '.split() }} {{ ''.split() "
      "}}",
      "{{ ''.split(',') }} {{ 'abc'.split('bc')[-1] }} {{ 'a  b  c'.split(none, 1) }}",
      "{{ 'a,b,c'.rsplit(',', 1) }} {{ 'a,b'.rsplit(',') }} {{ 'x\\ny\\r\\nz\\n'.splitlines() }}",
      "{{ messages[2].content.split('</think>')[-1].lstrip('\\n') }}",
      "{{ messages[2].content.split('</think>')[0].rstrip('\\n').split('<think>')[-1] }}",
      "[{{ '  x '.strip() }}][{{ ' x '.lstrip() }}][{{ ' x '.rstrip() }}][{{ 'xxaxx'.strip('x') "
      "}}]",
      "[{{ '\\u2003\\u00a0é\\u3000'.strip() }}][{{ 'ééaé'.strip('é') }}][{{ '\\x1f a'.strip() }}]",
      "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'abc'.startswith('') }}",
      "{{ 'aaa'.replace('a', 'b', 2) }} {{ 'abc'.replace('', '-') }} {{ 'abc'.replace('b', '') }}",
      "{{ 'éa'.replace('', '-') }} {{ 'ab'.replace('', '-', 1) }} {{ 'x'.replace('y', 'z') }}",
      "{{ 'heLLo wOrld'.upper() }} {{ 'HeLLo'.lower() }} {{ \"they're bill's\".title() }}",
      "{{ 'hELLO wORLD'.capitalize() }} {{ 'straße'.upper() }} {{ 'ÉÀ'.lower() }} {{ 'ß'.title() "
      "}}",
      "{{ {'a': 1, 'b': 2}.items() | list }} {{ {'a': 1}.keys() | list }} {{ {'a': 1}.values() }}",
      "{{ {'a': 1}.items() }} {{ {'a': 1}.keys() }} {{ {'a': 1}.get('a') }} {{ {}.get('a') }}",
      "{{ {}.get('a', 'd') }} {{ messages[0].get('role') }} {{ messages[0].get('x', 'none') }}",
      "{{ ', '.join(['a', 'b']) }} {{ ''.join('abc') }} {{ '-'.join({'x': 1, 'y': 2}) }}",
      "{{ ','.join([1]) }}",
      "{{ 'abc'.find('c') }} {{ 'éc'.find('c') }} {{ 'abc'.find('x') }} {{ 'banana'.count('an') }}",
      "{{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('bc') }} {{ '12'.isdigit() }}",
      "{{ [1, 2, 1].count(1) }} {{ [1, 2].index(2) }}",
      "{{ [1].index(5) }}",
      "{{ 'abc'.nosuch }}|{{ [1].nosuch }}|{{ messages[0].items is defined }}",
      "{{ 'abc'.nosuch() }}",
      "{{ 'abc'.split('') }}",
      "{{ {'items': 1}['items'] }} {{ {'a': {'b': 'c'}}.a.b }}",
      "{{ ''.__class__ }}|{{ messages.__class__.__mro__ }}",
      "{% for k, v in messages[0].items() %}{{ k }}={{ v }};{% endfor %}",
  });
}

TEST(JinjaBattery, Filters) {
  ASSAY_REQUIRE_TEST_PYTHON();
  expect_same({
      "[{{ '  x ' | trim }}] {{ 'xxaxx' | trim('x') }} {{ 5 | trim }} {{ nothing | trim }}",
      "{{ 'abc' | length }} {{ [1,2] | count }} {{ {'a': 1} | length }} {{ range(5) | length }}",
      "{{ 5 | length }}",
      "{{ messages | tojson }}",
      "{{ messages | tojson(indent=2) }} {{ [] | tojson(indent=2) }} {{ {} | tojson(indent=2) }}",
      "{{ {'a': [1, {'b': none}], 'c': 1.5, 'd': true} | tojson(indent=4) }}",
      "{{ {'b': 1, 'a': 'é'} | tojson(sort_keys=true, ensure_ascii=true) }} {{ 'x\\x7f🙂' | "
      "tojson(true) }}",
      "{{ [1, 2] | tojson(separators=(',', ':')) }} {{ {'a': 1} | tojson(separators=(',', ':')) }}",
      "{{ '<>&\\'\"\\\\ \\n\\t\\x01\\u2028' | tojson }} {{ 1e30 | tojson }} {{ (1, 2) | tojson }}",
      "{{ {1: 2, none: 3, true: 4, 1.5: 5} | tojson }} {{ 'x' | tojson | safe }}",
      "{{ nothing | tojson }}",
      "{{ nothing | default('d') }} {{ '' | default('d') }}|{{ '' | default('d', true) }} {{ none "
      "| d }}",
      "{{ nothing | default }}|{{ 0 | default('x', boolean=true) }} {{ nothing | "
      "d(default_value=3) }}",
      "{{ 'aBc' | upper }} {{ 'aBc' | lower }} {{ 'aB cD' | capitalize }} {{ 'aB-cD (eF)' | title "
      "}}",
      "{{ [1, 2] | first }} {{ [1, 2] | last }} {{ [] | first }}|{{ 'abc' | last }} {{ {'a': 1} | "
      "first }}",
      "{{ [1, 'a', none] | join(', ') }} {{ [] | join }}|{{ 'abc' | join('-') }}",
      "{{ messages | map(attribute='role') | join(' ') }} {{ messages | join(',', "
      "attribute='role') }}",
      "{{ 'aaa' | replace('a', 'b') }} {{ 'aaa' | replace('a', 'b', 1) }} {{ 121 | replace(1, 3) "
      "}}",
      "{{ 'abc' | list }} {{ {'a': 1} | list }} {{ (1, 2) | list }} {{ range(3) | list }}",
      "{{ 5 | string ~ 1 }} {{ none | string }} {{ [1] | string }} {{ 1.0 | string }}",
      "{{ '42' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ '4.9' | int }} {{ -4.9 | int }}",
      "{{ ' 12 ' | int }} {{ '0x1f' | int(base=16) }} {{ none | int(3) }} {{ true | int }} {{ "
      "'1_0' | int }}",
      "{{ '4.5' | float }} {{ 'x' | float }} {{ 3 | float }} {{ 'nan' | float }} {{ '-inf' | float "
      "}}",
      "{% for k, v in {'a': 1, 'b': 2} | items %}{{ k }}{{ v }}{% endfor %}{{ nothing | items | "
      "list }}",
      "{{ messages | selectattr('role', 'equalto', 'user') | list | length }}",
      "{{ messages | rejectattr('role', 'eq', 'user') | map(attribute='role') | list }}",
      "{{ messages | selectattr('content') | map(attribute='role') | list }}",
      "{{ messages | selectattr('role', 'in', ['user', 'system']) | list | length }}",
      "{{ [1, 2, 3, 4] | select('odd') | list }} {{ [1, 2, 3] | reject('odd') | list }}",
      "{{ [0, 1, '', 'a'] | select | list }} {{ [1, 2, 3] | select('gt', 1) | list }}",
      "{{ ['a', 'b'] | map('upper') | list }} {{ [[1, 2], [3]] | map('length') | list }}",
      "{{ [{'a': {'b': 1}}, {}] | map(attribute='a.b', default='x') | list }}",
      "{{ [{'a': {'b': 1}}, {'a': {'b': 2}}] | map(attribute='a.b') | list }}",
      "{{ [3, 1, 2] | sort }} {{ ['b', 'A', 'c'] | sort }} {{ ['b', 'A'] | "
      "sort(case_sensitive=true) }}",
      "{{ [3, 1, 2] | sort(reverse=true) }} {{ messages | sort(attribute='role') | "
      "map(attribute='role') | list }}",
      "{{ [1, 'a'] | sort }}",
      "{{ [1, 2, 1, 'a', 'A'] | unique | list }} {{ ['a', 'A'] | unique(true) | list }}",
      "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(2, "
      "blank=true) }}",
      "{{ 'a\\nb\\n' | indent('> ') }}|{{ 'a\\nb' | indent(first=true) }}",
      "{{ 'abc' | reverse }} {{ [1, 2] | reverse | list }} {{ 'é🙂' | reverse }}",
      "{{ -5 | abs }} {{ 5.5 | abs }} {{ [1, 3, 2] | max }} {{ ['b', 'A'] | min }} {{ [1, 2] | sum "
      "}}",
      "{{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(by='value', reverse=true) "
      "}}",
      "{{ 1 + 2 | string }}",
      "{{ 'a' + 2 | string }} {{ 'a' ~ 'b' | upper }} {{ ('a' ~ 'b') | upper }} {{ -1 | abs }}",
      "{% set g = [1, 2] | map('string') %}{{ g | join }}|{{ g | join }}|",
      "{{ [1] | map('string') | length }}",
      "{{ {'a': 1} | items | list }}",
      "{{ 'x' | items | list }}",
      "{{ 'abc' | default('x') | upper | replace('A', 'é') | length }}",
      "{{ 'x' | trim(1, 2, 3) }}",
      "{{ 'x' | upper(1) }}",
      "{{ 'x' | indent(wrong=1) }}",
      "{{ 'x' | nosuchfilter }}",
      "{{ messages[1].content | tojson }} {{ messages[1].content | length }} {{ "
      "[messages[1].content] }}",
  });
}

TEST(JinjaBattery, Tests) {
  ASSAY_REQUIRE_TEST_PYTHON();
  std::vector<std::string> sources;
  const std::vector<std::string> values = {
      "nothing", "none", "true",   "0",        "1",        "2",        "1.5",  "'text'",
      "''",      "[]",   "(1, 2)", "{'a': 1}", "range(2)", "messages", "'UP'", "[1]|map('string')",
      "range"};
  for (const char* test : {"defined", "undefined", "none", "string", "mapping", "iterable",
                           "sequence", "number", "integer", "float", "boolean", "true", "false",
                           "callable", "upper", "lower", "odd", "even"}) {
    for (const std::string& value : values) {
      // The text of these two, which upper and lower look at, differs from run to run in Python.
      const bool addressed = value == "range" || value.find('|') != std::string::npos;
      if (addressed && std::string(test).ends_with("er")) continue;
      sources.push_back(
          fmt::format("{{{{ ({0}) is {1} }}}} {{{{ {0} is not {1} }}}}", value, test));
    }
  }
  const std::vector<std::string> others = {
      "{{ 1 is equalto 1 }} {{ 1 is eq(2) }} {{ 'a' is ne 'b' }} {{ 3 is divisibleby 3 }}",
      "{{ 1 is lt 2 }} {{ 1 is gt(2) }} {{ 2 is ge 2 }} {{ 1 is in [1, 2] }} {{ 'a' is in 'abc' }}",
      "{{ not nothing is defined }} {{ x is defined or true }} {{ 'a' if x is defined else 'b' }}",
      "{% if x is not defined and messages is iterable %}yes{% endif %}",
      "{{ 1 is nosuchtest }}",
      "{{ messages is string or messages is iterable and messages is not mapping }}",
  };
  sources.insert(sources.end(), others.begin(), others.end());
  expect_same(sources);
}

TEST(JinjaBattery, Statements) {
  ASSAY_REQUIRE_TEST_PYTHON();
  expect_same({
      "{% if 0 %}a{% elif '' %}b{% elif [0] %}c{% else %}d{% endif %}",
      "{% if not messages %}a{% else %}b{% endif %}{% if 1 %}{% endif %}",
      "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}"
      "{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }} {% endfor %}",
      "{% for m in messages %}{{ loop.previtem.role if loop.previtem is defined else '-' }}>"
      "{{ loop.nextitem.role if loop.nextitem is defined else '-' }} {% endfor %}",
      "{% for x in [1, 2, 3, 4] if x % 2 == 0 %}{{ loop.index }}:{{ x }}/{{ loop.length }} {% "
      "endfor %}",
      "{% for x in [] %}a{% else %}empty{% endfor %}{% for x in nothing %}a{% else %}none{% endfor "
      "%}",
      "{% for x in [1] if false %}a{% else %}filtered{% endfor %}",
      "{% for a, b in [(1, 2), [3, 4]] %}{{ a }}-{{ b }};{% endfor %}",
      "{% for (a, b) in {'x': 1}.items() %}{{ a }}-{{ b }};{% endfor %}",
      "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}",
      "{% for x in 'aé🙂' %}[{{ x }}]{% endfor %}{% for k in {'a': 1} %}{{ k }}{% endfor %}",
      "{% for x in 5 %}{% endfor %}",
      "{% for x in none %}{% endfor %}",
      "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}"
      "{% endif %}{{ x }}{% endfor %}",
      "{% for x in range(2) %}{% for y in range(3) %}{% if y == 1 %}{% break %}{% endif %}{{ x "
      "}}{{ y }} "
      "{% endfor %}{{ loop.index }}{% endfor %}",
      "{{ range(5) | list }} {{ range(1, 4) | list }} {{ range(5, 0, -2) | list }} {{ range(3) }}",
      "{{ range(0, 9, 2) }} {{ range(3)[1] }} {{ 2 in range(3) }} {{ range(3) == range(0, 3) }}",
      "{{ range(1000000000) | length }}",
      "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}",
      "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}",
      "{% set ns = namespace(a=1, b='x') %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}{% endfor "
      "%}"
      "{{ ns.a }}{{ ns.b }}{{ ns.c }}{{ ns['a'] }}",
      "{% set ns = namespace() %}{% set ns.list = [] %}{% for i in range(3) %}"
      "{% set ns.list = ns.list + [i] %}{% endfor %}{{ ns.list }}",
      "{% set ns = namespace({'q': 5}, r=6) %}{{ ns.q }}{{ ns.r }}",
      "{% set x = {} %}{% set x.a = 1 %}",
      "{% set undefined_ns.a = 1 %}",
      "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (c, d) = 'xy' %}{{ c }}{{ d }}",
      "{% set t = 1, 2 %}{{ t }}",
      "{% set x %}a{{ 1 + 1 }}b{% endset %}{{ x }}{{ x | length }}",
      "{% set x | upper | replace('A', 'z') %}a{{ 'b' }}{% endset %}{{ x }}",
      "{% set y = 1 %}{% set x %}{% set y = 2 %}{{ y }}{% endset %}{{ x }}{{ y }}",
      "{% macro m(a, b='d', c=none) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}"
      "{{ m(1, c=3) }}{{ m(b=2, a=1) }}{{ m() }}",
      "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(4) }}",
      "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
      "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(z=2) }}",
      "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
      "{% set g = 'global' %}{% macro m() %}{{ g }}{% set g = 'inner' %}{% endmacro %}{{ m() }}{{ "
      "g }}",
      "{% macro m(x) %}\n  {{- x | upper }}\n{% endmacro %}{{ m('a') }}{{ m('b') | length }}",
      "{% macro m() %}{{ messages | length }}{{ later }}{% endmacro %}{% set later = 7 %}{{ m() }}",
      "{{ m() }}{% macro m() %}x{% endmacro %}",
      "{% for i in [1, 2] %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}",
      "{% generation %}a{{ 1 }}{% endgeneration %}b",
      "{{ raise_exception('no: ' ~ 1) }}",
      "{% if false %}{{ raise_exception('never') }}{% endif %}fine",
      "{{ strftime_now('%Y-%m-%d %B %b %A %a %H:%M:%S %I %p %y %j %e %-d %-m %% %F %T') }}",
      "{{ strftime_now('%d %b %Y') }}|{{ strftime_now('') }}|{{ strftime_now('plain é') }}",
      "{{ tools is none }} {{ documents is defined }} {{ tools is defined and tools }} {{ "
      "bos_token }}",
      "{% if tools is defined and tools is not none %}t{% else %}no tools{% endif %}{{ eos_token "
      "}}",
      "{% if true %}",
      "{% endif %}",
      "{% for x in y %}{% endif %}",
      "{% break %}",
      "{% set x %}",
      "{% for x in [1,2] %}{{ loop }}{% endfor %}",
      "{% for x in [1,2] %}{{ loop.nosuch }}|{{ loop.depth }}{{ loop.depth0 }}{% endfor %}",
      "{% for m in messages %}{% set role = m.role %}{{ role }}{% endfor %}{{ role }}",
      "{%- for m in messages -%}{%- if loop.index0 % 2 == 0 -%}{{ m.role }}{%- endif -%}{%- endfor "
      "-%}",
      "{% for x in [1, 2] %}{% set y %}{% if x == 1 %}{% continue %}{% endif %}z{% endset %}{{ y "
      "}}{% endfor %}",
      "{% set ns = namespace(x=1) %}{{ ns }} {{ ns == ns }} {{ namespace() == namespace() }}",
  });
}

}  // namespace
}  // namespace assay
