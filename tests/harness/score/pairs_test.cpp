// `assay score --pairs`: verdicts, labels, agreement.
#include "harness/score/pairs.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/support/test_data.h"

namespace assay::score {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Pairs : public ::testing::Test {
 protected:
  json score(const std::string& text, const std::string& grader = "assay") {
    testing::write_text(dir_.path() / "p.jsonl", text);
    return score_pairs({(dir_.path() / "p.jsonl").string(), grader}, {});
  }
  std::string error(const std::string& text, const std::string& grader = "assay") {
    try {
      score(text, grader);
    } catch (const Error& error) {
      return error.line();
    }
    return "none";
  }
  testing::TempDir dir_;
};

TEST_F(Pairs, VerdictsInOrderAndAgreement) {
  const json out = score(R"({"gold": "1/2", "pred": "0.5", "label": true}
{"gold": "3", "pred": 4, "label": 1}
{"gold": 7, "pred": "7"}
)");
  ASSERT_EQ(out["pairs"].size(), 3U);
  EXPECT_EQ(out["pairs"][0]["verdict"], "equal");
  EXPECT_EQ(out["pairs"][1]["verdict"], "not_equal");
  EXPECT_EQ(out["pairs"][2]["verdict"], "equal");
  for (const json& pair : out["pairs"]) {
    EXPECT_TRUE(pair["rung"].is_string() && pair.contains("proof"));
  }
  EXPECT_EQ(out["labelled"], 2);
  EXPECT_EQ(out["agreement"], 0.5);
  ASSERT_EQ(out["disagreements"].size(), 1U);
  EXPECT_EQ(out["disagreements"][0]["place"], 1);
  EXPECT_EQ(out["disagreements"][0]["gold"], "3");
}

TEST_F(Pairs, ALineWithoutAPairIsLeftOut) {
  const json out = score(R"({"gold": "1", "pred": "1"}
{"gold": [], "pred": "1"}
{"gold": "1", "pred": "2"}
)");
  EXPECT_EQ(out["equal"], 1);
  EXPECT_EQ(out["not_equal"], 1);
  EXPECT_EQ(out["file"]["unreadable"], 1);
  EXPECT_THAT(out["file"]["unreadable_examples"][0].get<std::string>(), HasSubstr("p.jsonl:2"));
}

TEST_F(Pairs, LabelsOfSeveralGradersCountWhereTheyAgree) {
  const json out = score(R"({"gold": "1", "pred": "1", "label_a": 1, "label_b": 1}
{"gold": "1", "pred": "1", "label_a": 1, "label_b": 0}
{"gold": "1", "pred": "2", "expected": 0}
)");
  EXPECT_EQ(out["labelled"], 2);
  EXPECT_EQ(out["agreement"], 1.0);
}

TEST_F(Pairs, NoAnswerIsNotEqualAndLabelsMayBeWords) {
  const json out = score(R"({"gold": "1", "pred": null, "label": "not_equal"}
{"gold": "1", "pred": "1", "label": "true"}
{"gold": "1", "pred": "", "label": "no"}
)");
  EXPECT_EQ(out["labelled"], 3);
  EXPECT_EQ(out["agreement"], 1.0);
}

TEST_F(Pairs, WithoutLabelsThereIsNoAgreement) {
  EXPECT_TRUE(score("{\"gold\": \"1\", \"pred\": \"1\"}")["agreement"].is_null());
}

TEST_F(Pairs, APolicyBelongsToItsPair) {
  const json out = score(R"({"gold": "72", "pred": "72 cm", "policy": {"unit": "degree"}}
{"gold": "72", "pred": "72 cm"}
{"gold": "x^2", "pred": "t^2", "policy": {"rename": true}}
{"gold": "x^2", "pred": "t^2"}
{"gold": "x^2", "pred": "t^2", "args": {"strict": false}}
{"gold": "x^2", "pred": "t^2", "policy": 7, "args": []}
)");
  std::string verdicts;
  for (const json& pair : out["pairs"]) verdicts += pair["verdict"].get<std::string>() + " ";
  EXPECT_EQ(verdicts, "not_equal equal equal not_equal equal not_equal ");
}

TEST_F(Pairs, MistakesAreNamed) {
  EXPECT_THAT(error("{\"gold\": \"1\"}"), HasSubstr("p.jsonl:1: no text in 'pred'"));
  EXPECT_THAT(error(""), HasSubstr("holds no pair"));
  EXPECT_THAT(error("{\"gold\": \"1\", \"pred\": \"1\"}", "nosuch"),
              HasSubstr("unknown grader 'nosuch'"));
  const json out = score("rubbish\n{\"gold\": \"1\", \"pred\": \"1\"}\n");
  EXPECT_EQ(out["file"]["unreadable"], 1);
}

}  // namespace
}  // namespace assay::score
