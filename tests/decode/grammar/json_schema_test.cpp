#include "decode/grammar/json_schema.h"

#include <gmock/gmock.h>

#include <random>
#include <regex>

#include "decode/grammar/json_rules.h"
#include "decode/grammar/matcher.h"
#include "tests/decode/grammar/schema_oracle.h"

namespace assay::grammar {
namespace {

using assay::testing::is_instance;
using assay::testing::OrderedJson;
using assay::testing::random_instance;
using assay::testing::random_schema;
using ::testing::HasSubstr;

Result<Grammar> compile(const OrderedJson& schema) {
  Grammar grammar;
  Result<Sequence> rules = json_schema_rules(grammar, schema);
  if (!rules) return tl::unexpected(rules.error());
  const Sequence start = *rules;
  return finished(std::move(grammar), start);
}

bool accepts(Matcher& matcher, std::string_view text) {
  const Matcher::State end = matcher.next(matcher.start(), text);
  return end != Matcher::kDead && matcher.accepting(end);
}

bool accepts(const OrderedJson& schema, std::string_view text) {
  Result<Grammar> grammar = compile(schema);
  EXPECT_TRUE(grammar) << (grammar ? "" : grammar.error().line());
  if (!grammar) return false;
  Matcher matcher(std::move(*grammar));
  return accepts(matcher, text);
}

std::string why_refused(const OrderedJson& schema) {
  const Result<Grammar> grammar = compile(schema);
  return grammar ? "" : grammar.error().line();
}

TEST(JsonSchema, ObjectsHaveTheirMembersInOrder) {
  const auto schema = OrderedJson::parse(R"({"type": "object",
      "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
      "required": ["name"], "additionalProperties": false})");
  EXPECT_TRUE(accepts(schema, R"({"name": "Ann", "age": 7})"));
  EXPECT_TRUE(accepts(schema, R"({"name":"Ann"})"));
  EXPECT_TRUE(accepts(schema, "{\n  \"name\": \"Ann\",\n  \"age\": 7\n}"));
  EXPECT_FALSE(accepts(schema, R"({"age": 7})")) << "name is required";
  EXPECT_FALSE(accepts(schema, R"({"age": 7, "name": "Ann"})")) << "the schema's order";
  EXPECT_FALSE(accepts(schema, R"({"name": "Ann", "x": 1})"));
  EXPECT_FALSE(accepts(schema, R"({"name": "Ann")"));
  EXPECT_FALSE(accepts(schema, R"({"name": "Ann"} )"));
}

TEST(JsonSchema, OtherMembersHaveOtherNames) {
  const auto schema = OrderedJson::parse(R"({"type": "object",
      "properties": {"ab": {"type": "integer"}, "ac": {"type": "null"}},
      "additionalProperties": {"type": "string"}})");
  EXPECT_TRUE(accepts(schema, R"({"ab": 1, "abc": "x", "a": "y", "": "z", "é": "w"})"));
  EXPECT_TRUE(accepts(schema, R"({"z": "x"})"));
  EXPECT_FALSE(accepts(schema, R"({"ab": "x"})"));
  EXPECT_FALSE(accepts(schema, R"({"z": "x", "ab": "y"})"));
  EXPECT_FALSE(accepts(schema, R"({"\u0061b": "y"})")) << "an escape could hide the name";
}

TEST(JsonSchema, StringsCountCharactersAndAreUtf8) {
  const auto schema = OrderedJson::parse(R"({"type": "string", "minLength": 2, "maxLength": 3})");
  EXPECT_TRUE(accepts(schema, "\"\xc3\xa9\xf0\x9f\x98\x80\""));
  EXPECT_TRUE(accepts(schema, R"("\ud83d\ude00\n")"));
  EXPECT_FALSE(accepts(schema, R"("a")"));
  EXPECT_FALSE(accepts(schema, R"("abcd")"));
  EXPECT_FALSE(accepts(schema, R"("a\ud83d")")) << "half a pair";
  EXPECT_FALSE(accepts(schema, "\"ab\xff\""));
  EXPECT_FALSE(accepts(schema, "\"a\nb\""));
}

TEST(JsonSchema, PatternsAreSearchedFor) {
  EXPECT_TRUE(accepts({{"pattern", "^[A-Z]{2}\\d+$"}}, R"("AB12")"));
  EXPECT_FALSE(accepts({{"pattern", "^[A-Z]{2}\\d+$"}}, R"("xAB12")"));
  EXPECT_TRUE(accepts({{"pattern", "b+"}}, R"("aabba")"));
  EXPECT_TRUE(accepts({{"pattern", "^a\"b\\\\$"}}, R"("a\"b\\")"));
  EXPECT_FALSE(accepts({{"pattern", "^[^a]$"}}, R"("a")"));
  EXPECT_TRUE(accepts({{"pattern", "^[^a]$"}}, "\"\xe2\x82\xac\""));
  EXPECT_TRUE(accepts({{"type", "string"}, {"format", "date"}}, R"("2026-11-28")"));
  EXPECT_FALSE(accepts({{"type", "string"}, {"format", "date"}}, R"("2026-13-01")"));
}

TEST(JsonSchema, NumbersKeepTheirBounds) {
  const OrderedJson small = {{"type", "integer"}, {"minimum", -12}, {"maximum", 345}};
  Matcher matcher(value_or_throw(compile(small)));
  for (int i = -1300; i < 1300; ++i) {
    EXPECT_EQ(accepts(matcher, std::to_string(i)), i >= -12 && i <= 345) << i;
  }
  EXPECT_FALSE(accepts(matcher, "007"));
  EXPECT_FALSE(accepts(matcher, "-0"));
  const OrderedJson real = {{"type", "number"}, {"minimum", 0.1}, {"exclusiveMaximum", 2.5}};
  for (const char* in : {"0.1", "0.10", "1", "2", "2.4", "2.499999", "0.100001"}) {
    EXPECT_TRUE(accepts(real, in)) << in;
  }
  for (const char* out : {"0", "0.09", "2.5", "2.50", "3", "-1", "1e0", "0.0999"}) {
    EXPECT_FALSE(accepts(real, out)) << out;
  }
}

TEST(JsonSchema, ReferencesRecurse) {
  const auto tree = OrderedJson::parse(R"({"$ref": "#/$defs/tree", "$defs": {"tree":
      {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
       "required": ["kids"], "additionalProperties": false}}})");
  EXPECT_TRUE(accepts(tree, R"({"kids": [{"kids": []}, {"kids": [{"kids": []}]}]})"));
  EXPECT_FALSE(accepts(tree, R"({"kids": [{}]})"));
}

TEST(JsonSchema, ReferencesAreUriFragments) {
  const auto schema = OrderedJson::parse(R"({"$ref": "#/$defs/a%20b%7E1c%", "$defs": {
      "a b/c%": {"const": 1}}})");
  EXPECT_TRUE(accepts(schema, "1"));
}

TEST(JsonSchema, RefusesByName) {
  EXPECT_THAT(why_refused({{"type", "array"}, {"uniqueItems", true}}), HasSubstr("'uniqueItems'"));
  EXPECT_THAT(why_refused({{"type", "integer"}, {"multipleOf", 3}}), HasSubstr("'multipleOf'"));
  EXPECT_THAT(why_refused({{"not", {{"type", "null"}}}}), HasSubstr("'not'"));
  EXPECT_THAT(why_refused({{"pattern", "(?=a)"}}), HasSubstr("'(?'"));
  EXPECT_THAT(why_refused({{"pattern", "\\bx"}}), HasSubstr("'\\b'"));
  EXPECT_THAT(why_refused({{"type", "string"}, {"format", "regex"}}), HasSubstr("'regex'"));
  EXPECT_THAT(why_refused({{"type", "thing"}}), HasSubstr("type must name"));
  EXPECT_THAT(why_refused({{"$ref", "other.json"}}), HasSubstr("leads nowhere"));
  EXPECT_THAT(why_refused({{"$ref", "#/$defs/x"}}), HasSubstr("leads nowhere"));
  EXPECT_THAT(why_refused({{"oneOf", {{{"type", "number"}}, {{"type", "integer"}}}}}),
              HasSubstr("use anyOf"));
  EXPECT_THAT(why_refused({{"type", "array"}, {"minItems", 1 << 20}}), HasSubstr("minItems"));
  EXPECT_THAT(why_refused({{"type", "string"}, {"maxLength", 1e9}}), HasSubstr("maxLength"));
  EXPECT_THAT(why_refused({{"type", "string"}, {"pattern", std::string(600, 'a')}}),
              HasSubstr("more than 512 bytes"));
  EXPECT_THAT(why_refused({{"pattern", "((a{256}){256}){256}"}}),
              HasSubstr("more than 65536 bytes"));
  EXPECT_THAT(why_refused({{"type", "object"}, {"properties", {{"a", {{"nullable", true}}}}}}),
              HasSubstr("properties.a: the keyword 'nullable'"));
}

TEST(JsonSchema, RefusesWhatHasNoEnd) {
  EXPECT_THAT(why_refused(OrderedJson::parse(R"({"$ref": "#"})")), HasSubstr("no finite value"));
  EXPECT_THAT(why_refused(OrderedJson::parse(R"({"anyOf": [{"$ref": "#"}, {"type": "null"}]})")),
              HasSubstr("leads back to itself"));
  EXPECT_THAT(why_refused(OrderedJson::parse(
                  R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})")),
              HasSubstr("no finite value"));
  EXPECT_THAT(why_refused({{"type", "integer"}, {"minimum", 5}, {"maximum", 4}}),
              HasSubstr("no finite value"));
  EXPECT_THAT(why_refused(false), HasSubstr("no finite value"));
}

TEST(JsonSchema, OneOfWithATagIsAChoice) {
  const auto schema = OrderedJson::parse(R"({"oneOf": [
      {"type": "object", "properties": {"k": {"const": "a"}, "x": {"type": "integer"}}, "required": ["k"]},
      {"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]}]})");
  EXPECT_TRUE(accepts(schema, R"({"k": "a", "x": 1})"));
  EXPECT_TRUE(accepts(schema, R"({"k": "b"})"));
  EXPECT_FALSE(accepts(schema, R"({"k": "b", "x": 1})"));
}

TEST(JsonSchema, BytesThatNoTokenWritesAreNeverNeeded) {
  Grammar grammar(byte_set("7"));
  const Result<Sequence> rules =
      json_schema_rules(grammar, {{"enum", OrderedJson::array({"a7", "b"})}});
  const Sequence start = *rules;
  Matcher matcher(value_or_throw(finished(std::move(grammar), start)));
  EXPECT_TRUE(accepts(matcher, "\"b\""));
  EXPECT_EQ(matcher.next(matcher.start(), "\"a"), Matcher::kDead) << "it could not be finished";
}

TEST(JsonSchema, RepeatedPartsThatMayBeEmptyMeanWhatTheyMeanElsewhere) {
  std::vector<std::string> texts = {""};
  for (std::size_t i = 0; texts[i].size() < 5; ++i) {
    for (const char c : {'a', 'b', 'c'}) texts.push_back(texts[i] + c);
  }
  for (const char* pattern :
       {"^((a*)*)*b$", "^(a?b?){2}c?$", "^((a|)+){3}b$", "^(a{0,2}){2,3}b$", "^(a*b*c?)*$",
        "^((a{0,2}b?){0,2}c{0,1}){0,2}$", "^(){3}a$", "^((|a)(|b)){2,}$", "^(a?){0}b$"}) {
    Matcher matcher(value_or_throw(compile({{"pattern", pattern}})));
    const std::regex elsewhere(pattern);
    for (const std::string& text : texts) {
      ASSERT_EQ(accepts(matcher, '"' + text + '"'), std::regex_search(text, elsewhere))
          << pattern << " on " << text;
    }
  }
}

TEST(JsonSchema, NestedCountsCostNoMoreThanTheirLimit) {
  const char* bomb = "^((a{0,200}){0,200}){0,200}b$";
  Matcher matcher(value_or_throw(compile({{"type", "string"}, {"pattern", bomb}})));
  Matcher::State* state = matcher.cursor();
  *state = matcher.next(*state, "\"");
  int steps = 0;
  for (; steps < 2000 && *state != Matcher::kDead; ++steps) {
    matcher.begin_step();
    *state = matcher.next(*state, 'a');
  }
  EXPECT_GT(steps, 10);
  EXPECT_TRUE(*state != Matcher::kDead || !matcher.exhausted().empty());
}

TEST(JsonSchema, WhatIsSaidAgainCostsNothing) {
  const auto one = OrderedJson::parse(R"({"type": "object", "properties": {
      "a": {"anyOf": [{"$ref": "#"}, {"type": "string", "maxLength": 9}]}, "b": {"type": "number"}}})");
  OrderedJson many = {{"anyOf", OrderedJson::array()}};
  for (int i = 0; i < 400; ++i) many["anyOf"].push_back(one);
  const Grammar once = value_or_throw(compile(one));
  EXPECT_LE(value_or_throw(compile(many)).n_rules(), once.n_rules() + 8);
}

TEST(JsonSchema, AStringMayBeAsLongAsItsLimit) {
  Matcher matcher(value_or_throw(compile({{"type", "string"}, {"maxLength", kMaxStringLength}})));
  Matcher::State* state = matcher.cursor();
  *state = matcher.next(*state, "\"");
  for (std::int64_t i = 0; i < kMaxStringLength; ++i) {
    matcher.begin_step();
    for (int byte = 0; byte < 256; ++byte) matcher.next(*state, static_cast<std::uint8_t>(byte));
    *state = matcher.next(*state, i % 2 == 0 ? "x" : "\xc3\xa9");
    ASSERT_NE(*state, Matcher::kDead) << i;
  }
  EXPECT_EQ(matcher.exhausted(), "");
  EXPECT_GT(matcher.generation(), 0) << "states were forgotten on the way";
  EXPECT_EQ(matcher.next(*state, "x"), Matcher::kDead);
  EXPECT_TRUE(matcher.accepting(matcher.next(*state, "\"")));
  EXPECT_NE(matcher.next(matcher.start(), "\"abc"), Matcher::kDead);
}

/// A text that the grammar allows, made byte by byte; ends soon after it may.
std::string random_text(Matcher& matcher, std::mt19937& random, bool* finished) {
  std::string text;
  Matcher::State state = matcher.start();
  constexpr std::size_t kLongest = 400;
  *finished = false;
  while (text.size() < kLongest) {
    if (matcher.accepting(state) && random() % 3 != 0) {
      *finished = true;
      break;
    }
    std::vector<int> possible;
    for (int byte = 0; byte < 256; ++byte) {
      if (matcher.next(state, static_cast<std::uint8_t>(byte)) == Matcher::kDead) continue;
      possible.push_back(byte);
      // Closing is likelier than going on for ever.
      if (byte == '"' || byte == '}' || byte == ']') possible.insert(possible.end(), 40, byte);
    }
    if (possible.empty()) {
      EXPECT_TRUE(matcher.accepting(state)) << "a dead end behind " << text;
      *finished = matcher.accepting(state);
      break;
    }
    const int byte = possible[random() % possible.size()];
    text += static_cast<char>(byte);
    state = matcher.next(state, static_cast<std::uint8_t>(byte));
  }
  return text;
}

/// What the random schemas refer to.
OrderedJson with_definitions(OrderedJson schema) {
  if (!schema.is_object()) schema = {{"anyOf", OrderedJson::array({schema})}};
  schema["$defs"] = OrderedJson::parse(R"({
      "word": {"type": "string", "maxLength": 3},
      "node": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
               "additionalProperties": false}})");
  return schema;
}

TEST(JsonSchema, RandomSchemasAllowInstancesAlone) {
  std::mt19937 random(20);
  int texts = 0;
  int compiled = 0;
  for (int round = 0; round < 400; ++round) {
    const OrderedJson schema = with_definitions(random_schema(random, 3));
    Result<Grammar> grammar = compile(schema);
    if (!grammar) {
      EXPECT_THAT(grammar.error().line(), HasSubstr("no finite value")) << schema;
      continue;
    }
    ++compiled;
    Matcher matcher(std::move(*grammar));
    for (int sample = 0; sample < 8; ++sample) {
      bool whole = false;
      const std::string text = random_text(matcher, random, &whole);
      if (!whole) continue;
      const OrderedJson value = OrderedJson::parse(text, nullptr, false);
      ASSERT_FALSE(value.is_discarded()) << text << "\n" << schema;
      ASSERT_TRUE(is_instance(schema, schema, value)) << text << "\n" << schema;
      ++texts;
    }
  }
  EXPECT_GT(compiled, 300);
  EXPECT_GT(texts, 1000);
}

TEST(JsonSchema, RandomInstancesAreAllowed) {
  std::mt19937 random(21);
  int instances = 0;
  for (int round = 0; round < 400; ++round) {
    const OrderedJson schema = with_definitions(random_schema(random, 3));
    Result<Grammar> grammar = compile(schema);
    if (!grammar) continue;
    Matcher matcher(std::move(*grammar));
    for (int sample = 0; sample < 8; ++sample) {
      bool found = true;
      const OrderedJson value = random_instance(random, schema, schema, 3, &found);
      if (!found || !is_instance(schema, schema, value)) continue;
      EXPECT_TRUE(accepts(matcher, value.dump())) << value << "\n" << schema;
      ++instances;
    }
  }
  EXPECT_GT(instances, 600);
}

}  // namespace
}  // namespace assay::grammar
