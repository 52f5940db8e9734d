#include "core/json_access.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace assay {
namespace {

using nlohmann::json;

TEST(JsonAccess, AbsentAndForeignTypesReadAsNotThere) {
  const json object = {{"text", "a"},  {"whole", 3},     {"real", 0.5},
                       {"flag", true}, {"null", json()}, {"list", json::array({1})}};
  EXPECT_EQ(json_text(object, "text"), "a");
  EXPECT_EQ(json_text(object, "whole"), "");
  EXPECT_EQ(json_integer(object, "whole"), 3);
  EXPECT_EQ(json_integer(object, "real"), std::nullopt);
  EXPECT_EQ(json_number(object, "whole"), 3.0);
  EXPECT_EQ(json_number(object, "real"), 0.5);
  EXPECT_EQ(json_number(object, "text"), std::nullopt);
  EXPECT_EQ(json_flag(object, "flag"), true);
  EXPECT_EQ(json_flag(object, "null"), std::nullopt);
  EXPECT_EQ(json_list(object, "list").size(), 1);
  EXPECT_TRUE(json_list(object, "text").empty());
  EXPECT_TRUE(json_member(json::array({object}), "text").is_null());
  EXPECT_TRUE(json_member("text", "text").is_null());
}

TEST(JsonAccess, NumbersThatDoNotFitAreNotThere) {
  EXPECT_EQ(json_integer(json::parse(R"({"n": 18446744073709551615})"), "n"), std::nullopt);
  EXPECT_EQ(json_integer(json::parse(R"({"n": -9223372036854775808})"), "n"), INT64_MIN);
  EXPECT_EQ(json_number({{"n", INFINITY}}, "n"), std::nullopt);
}

TEST(JsonAccess, ParsingRefusesWhatIsNotJsonOrTooDeep) {
  EXPECT_EQ((*parse_json("[[1]]"))[0][0], 1);
  EXPECT_EQ(parse_json("[1").error().message(), "not JSON");
  EXPECT_EQ(parse_json("").error().message(), "not JSON");
  EXPECT_EQ(parse_json("1e999").error().message(), "not JSON");
  EXPECT_EQ(parse_json("\"\xFF\"").error().message(), "not JSON");
  const std::string at_limit = std::string(64, '[') + std::string(64, ']');
  EXPECT_TRUE(parse_json(at_limit).has_value());
  EXPECT_EQ(parse_json("[" + at_limit + "]").error().message(), "nested deeper than 64");
  EXPECT_TRUE(parse_json("\"" + std::string(100, '[') + "\\\"[\"").has_value());
}

}  // namespace
}  // namespace assay
