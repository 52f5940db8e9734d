// The grader against people's and other graders' labels, and against all gold answers of MATH.
// Prints every disagreement, the types of the gold answers, and the time of 5,000 grades.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "evals/common/answer_value.h"
#include "evals/common/compare_answers.h"
#include "evals/common/extract_answer.h"
#include "tests/support/test_data.h"

namespace assay::evals {
namespace {

std::vector<nlohmann::json> records(const std::string& text) {
  std::vector<nlohmann::json> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) result.push_back(nlohmann::json::parse(line));
  }
  return result;
}

/// Compares, counts agreement with `label`, prints the disagreement.
class Agreement {
 public:
  void add(const std::string& where, const std::string& gold, const std::string& prediction,
           bool label, const AnswerPolicy& policy = {}) {
    const AnswerComparison result = compare_answers(gold, prediction, policy);
    ++total_;
    const bool agrees = result.verdict == (label ? Verdict::equal : Verdict::not_equal);
    if (agrees) {
      ++agreeing_;
      return;
    }
    std::cout << where << ": label " << (label ? "equal" : "not_equal") << ", ours "
              << verdict_name(result.verdict) << " (" << result.rung << ", " << result.proof
              << "): " << gold.substr(0, 100) << "  |  " << prediction.substr(0, 100) << '\n';
  }
  double share() const {
    std::cout << agreeing_ << " of " << total_ << " agree\n";
    return static_cast<double>(agreeing_) / total_;
  }

 private:
  int agreeing_ = 0;
  int total_ = 0;
};

TEST(AnswerData, RealPairs) {
  ASSAY_REQUIRE_TEST_DATA(file, "data/equivalence/skythought_pred_gold_pairs.jsonl.gz");
  Agreement agreement;
  for (const auto& pair : records(testing::read_gzip(file))) {
    agreement.add(pair.at("dataset").get<std::string>() + "/" + pair.at("idx").dump(),
                  pair.at("gold"), pair.at("pred"), pair.at("label_qwen_grader") == 1);
  }
  EXPECT_GE(agreement.share(), 0.99);
}

TEST(AnswerData, Triples) {
  ASSAY_REQUIRE_TEST_DATA(file, "data/equivalence/math_verify_triples.jsonl");
  Agreement agreement;
  for (const auto& triple : records(testing::read_text(file))) {
    AnswerPolicy policy;
    policy.rename = !triple.at("args").value("strict", true);
    agreement.add(triple.at("id").dump(), answer_in(triple.at("gold").get<std::string>()),
                  answer_in(triple.at("pred").get<std::string>()), triple.at("expected") == 1,
                  policy);
  }
  EXPECT_GE(agreement.share(), 0.97);
}

TEST(AnswerData, OlympiadBenchExamples) {
  ASSAY_REQUIRE_TEST_DATA(file, "data/equivalence/olympiadbench_scoring_examples.json");
  Agreement agreement;
  for (const auto& example : nlohmann::json::parse(testing::read_text(file))) {
    const std::string gold = answer_in(example.at("GT").get<std::string>());
    for (const auto& answer : example.at("Ans")) {
      agreement.add("olympiadbench", gold, answer_in(answer.at("answer").get<std::string>()),
                    answer.at("equal"));
    }
  }
  // Its protocol has a relative tolerance and reads 60% as 0.6; ours has and does not.
  EXPECT_GE(agreement.share(), 0.75);
}

std::vector<std::string> math_golds(const std::filesystem::path& file) {
  std::vector<std::string> golds;
  for (const auto& record : records(testing::read_text(file))) {
    const auto answer = extract_answer(record.at("solution").get<std::string>());
    golds.push_back(answer ? answer->text : "");
  }
  return golds;
}

/// Without "\\!" and the blanks around it.
std::string without_thin_spaces(std::string text) {
  for (std::size_t at = text.find("\\!"); at != std::string::npos; at = text.find("\\!", at)) {
    std::size_t begin = at;
    std::size_t end = at + 2;
    while (begin > 0 && text[begin - 1] == ' ') --begin;
    while (end < text.size() && text[end] == ' ') ++end;
    text.erase(begin, end - begin);
    at = begin;
  }
  return text;
}

TEST(AnswerData, EveryGoldAnswerOfMathParsesAndEqualsItself) {
  ASSAY_REQUIRE_TEST_DATA(file, "data/datasets/math_full/tora_math_test.jsonl");
  std::map<std::string, int> types;
  for (const std::string& gold : math_golds(file)) {
    EXPECT_TRUE(answer_parses(gold)) << gold;
    const ParsedAnswer parsed = parse_answer(gold);
    ++types[answer_type(parsed.value)];
    // Another spelling, so that more than the identity of tokens is tried.
    const Judgement self = compare_values(parsed.value, parsed.value, {});
    EXPECT_EQ(self.verdict, Verdict::equal) << gold << " " << self.rung;
    const std::string plain = without_thin_spaces(gold);
    EXPECT_EQ(compare_answers(gold, plain).verdict, Verdict::equal) << gold << " " << plain;
  }
  for (const auto& [type, count] : types) std::cout << count << '\t' << type << '\n';
}

TEST(AnswerData, AChangedDigitOfAGoldAnswerIsNeverEqual) {
  ASSAY_REQUIRE_TEST_DATA(file, "data/datasets/math_full/tora_math_test.jsonl");
  int changed_digits = 0;
  for (const std::string& gold : math_golds(file)) {
    for (std::size_t i = 0; i < gold.size(); ++i) {
      if (gold[i] < '0' || gold[i] > '9') continue;
      std::string changed = gold;
      changed[i] = static_cast<char>('0' + (gold[i] - '0' + 1) % 10);
      ++changed_digits;
      EXPECT_NE(compare_answers(gold, changed).verdict, Verdict::equal) << gold << " " << changed;
    }
  }
  std::cout << changed_digits << " changed digits\n";
}

TEST(AnswerData, GradesFiveThousandAnswersInASecond) {
  ASSAY_REQUIRE_TEST_DATA(file, "data/datasets/math_full/tora_math_test.jsonl");
  const std::vector<std::string> golds = math_golds(file);
  const auto start = std::chrono::steady_clock::now();
  int equal = 0;
  for (std::size_t i = 0; i < golds.size(); ++i) {
    // Half against themselves in another spelling, half against another problem's answer.
    const std::string prediction =
        i % 2 == 0 ? "\\displaystyle{1 \\cdot (" + golds[i] + ")}" : golds[(i + 1) % golds.size()];
    if (compare_answers(golds[i], prediction).verdict == Verdict::equal) ++equal;
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  // Printed, not asserted: a test does not depend on the machine's load.
  std::cout << golds.size() << " answers graded in " << taken.count() << " s, " << equal
            << " equal\n";
  EXPECT_GT(equal, 0);
}

}  // namespace
}  // namespace assay::evals
