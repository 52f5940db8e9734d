#include "harness/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json good() {
  return {{"schema_version", 1},
          {"name", "mine"},
          {"title", "A title"},
          {"model", {{"name", "smollm2-135m"}}},
          {"tasks", {{{"name", "mini-math"}}}},
          {"template", "none"},
          {"chain_profile", "plain"},
          {"sampling", {{"temperature", 0.6}, {"top_p", 0.95}}},
          {"samples", 4},
          {"max_new_tokens", 100},
          {"grader", "assay"},
          {"published",
           {{{"task", "mini-math"},
             {"metric", "pass@1"},
             {"value", 0.5},
             {"resolution", 0.1},
             {"source", "a paper"}}}}};
}

std::string error_of(const std::string& text) {
  const Result<Recipe> recipe = parse_recipe(text, "r.json");
  if (recipe) return "no error";
  EXPECT_EQ(recipe.error().kind(), ErrorKind::environment);
  EXPECT_EQ(recipe.error().line().find('\n'), std::string::npos);
  return recipe.error().line();
}

TEST(Recipe, EveryEmbeddedOneIsSound) {
  ASSERT_EQ(recipe_names().size(), 5);
  for (const std::string& name : recipe_names()) {
    EXPECT_EQ(value_or_throw(load_recipe(name)).name, name);
  }
  const Recipe article = value_or_throw(load_recipe("article-aime24-first10"));
  EXPECT_THAT(article.published[0]["undefined"].get<std::string>(), HasSubstr("54 to 96 %"));
}

TEST(Recipe, UnknownNamesListTheKnownOnes) {
  const Result<Recipe> recipe = load_recipe("r1-aime");
  ASSERT_FALSE(recipe);
  EXPECT_EQ(recipe.error().kind(), ErrorKind::usage);
  EXPECT_THAT(recipe.error().line(), HasSubstr("r1-distill-qwen-1.5b-aime24"));
}

TEST(Recipe, ForeignFilesAreRefusedByTheFirstThingWrong) {
  EXPECT_EQ(error_of(good().dump()), "no error");
  const auto broken = [](const char* pointer, const json& value) {
    json recipe = good();
    recipe[json::json_pointer(pointer)] = value;
    return error_of(recipe.dump());
  };
  EXPECT_THAT(error_of(""), HasSubstr("recipe r.json is not JSON"));
  EXPECT_THAT(error_of("[]"), HasSubstr("is not an object"));
  EXPECT_THAT(error_of(std::string(5000, '[')), HasSubstr("nested deeper"));
  EXPECT_THAT(broken("/samples", 0), HasSubstr("samples must be a whole number from 1"));
  EXPECT_THAT(broken("/samples", "4"), HasSubstr("samples must be a whole number"));
  EXPECT_THAT(broken("/sampling/temperature", -1), HasSubstr("sampling.temperature must be"));
  EXPECT_THAT(broken("/temprature", 1), HasSubstr("temprature is not a member of a recipe"));
  EXPECT_THAT(broken("/published/0/value", 61.6), HasSubstr("published[0].value must be a number"));
  EXPECT_THAT(broken("/published/0/task", "aime24"), HasSubstr("is none of the recipe's tasks"));
  EXPECT_THAT(broken("/published/0/source", nullptr), HasSubstr("published[0].source must be"));
  json elsewhere = good();
  elsewhere["tasks"][0]["name"] = elsewhere["published"][0]["task"] = "no-such-task";
  EXPECT_THAT(error_of(elsewhere.dump()), HasSubstr("unknown task 'no-such-task'"));
  EXPECT_THAT(broken("/title", "\x1b[31mred\n"), HasSubstr("no error"));
  EXPECT_THAT(broken("/max_new_tokens", 1e300), HasSubstr("max_new_tokens must be"));
}

TEST(Recipe, FillsWhatWasNotGivenAndNotesWhatContradicts) {
  const Recipe recipe = value_or_throw(parse_recipe(good().dump(), "r.json"));
  RunOptions options;
  json record = apply_recipe(recipe, {}, &options, {});
  EXPECT_EQ(options.model, "smollm2-135m");
  EXPECT_EQ(options.samples, 4);
  EXPECT_EQ(options.sampling, SamplingMode::custom);
  EXPECT_EQ(options.temperature, 0.6);
  EXPECT_EQ(options.max_new_tokens, 100);
  EXPECT_EQ(options.tasks.at(0).name, "mini-math");
  EXPECT_TRUE(record["deviations"].empty());

  RunOptions other;
  other.model = "m.gguf";
  other.samples = 2;
  other.max_new_tokens = 50;
  record = apply_recipe(recipe, {"--model", "--samples", "--max-new-tokens"}, &other, {});
  EXPECT_EQ(other.model, "m.gguf");
  EXPECT_EQ(record["deviations"], json({"max-new-tokens differs from the recipe's 100"}));
}

}  // namespace
}  // namespace assay
