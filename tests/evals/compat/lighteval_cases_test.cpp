// pass@k, maj@k, avg@k and G-Pass@k against lighteval's own expected values.
//
// Which samples are right follows lighteval's readers, restated here as far as its cases need them:
// texts must match, letters stand for the index of the gold choice, the math metric reads a number
// at the front of the text and nothing else, the LaTeX metric compares formulas.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/json_access.h"
#include "core/jsonl.h"
#include "core/statistics.h"
#include "evals/common/compat/python_text.h"
#include "evals/common/compat/symbolic.h"
#include "tests/support/test_data.h"

namespace assay::evals::compat {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// -?digits[.digits][/digits] at the front.
std::optional<std::string> leading_number(std::string_view text) {
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t first = at;
  const auto digits = [&] {
    while (at < text.size() && is_digit(text[at])) ++at;
  };
  digits();
  if (at == first) return std::nullopt;
  for (const char mark : {'.', '/'}) {
    if (at + 1 < text.size() && text[at] == mark && is_digit(text[at + 1])) {
      ++at;
      digits();
    }
  }
  return std::string(text.substr(0, at));
}

/// The last capital letter that stands alone.
std::string last_letter(std::string_view text) {
  std::string last;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool alone = text[i] >= 'A' && text[i] <= 'Z' && !ends_with_word_char(text, i) &&
                       (i + 1 == text.size() || !is_word_char(text, i + 1));
    if (alone) last = text.substr(i, 1);
  }
  return last;
}

struct Case {
  std::string metric;
  std::string gold;
  std::int64_t gold_index = 0;
  std::vector<std::string> samples;
  std::int64_t k = 1;

  bool is_right(const std::string& sample) const {
    if (ends_with(metric, "_letters") || metric.substr(0, 4) == "gpqa") {
      return last_letter(sample) == std::string(1, static_cast<char>('A' + gold_index));
    }
    if (ends_with(metric, "_math")) {
      const auto a = leading_number(gold);
      const auto b = leading_number(sample);
      if (!a || !b) return false;
      const SympyRead x = read_sympy_plain(*a, {});
      const SympyRead y = read_sympy_plain(*b, {});
      return same_expression(x.left, y.left, 0) == Sameness::same;
    }
    if (ends_with(metric, "_latex")) {
      return symbolic_equal(strip_chars(gold, "$"), strip_chars(sample, "$")) == Sameness::same;
    }
    return strip(sample) == strip(gold);
  }
};

Case read_case(const nlohmann::json& json) {
  Case it;
  it.metric = json_text(json, "metric_class");
  const nlohmann::json& doc = json_member(json, "doc");
  const nlohmann::json& index = json_member(doc, "gold_index");
  it.gold_index = (index.is_array() ? index.at(0) : index).get<std::int64_t>();  // the first counts
  it.gold = json_list(doc, "choices").at(static_cast<std::size_t>(it.gold_index));
  const nlohmann::json& params = json_member(json, "metric_params");
  it.k = json_integer(params, "k").value_or(1);
  for (const auto& text : json_list(json_member(json, "model_response"), "text")) {
    it.samples.push_back(text);
  }
  const std::int64_t n = json_integer(params, "n").value_or(0);
  if (n > 0 && n < static_cast<std::int64_t>(it.samples.size())) {
    it.samples.resize(static_cast<std::size_t>(n));
  }
  return it;
}

bool majority(const Case& it) {
  std::vector<Vote> votes;
  for (std::int64_t i = 0; i < it.k; ++i) {
    const std::string& sample = it.samples.at(static_cast<std::size_t>(i));
    votes.push_back({sample, it.is_right(sample)});
  }
  return majority_is_correct(votes);
}

/// The value that lighteval calls `name`; nothing for a metric that is none of ours.
std::optional<double> value_of(const Case& it, const std::string& name) {
  std::vector<bool> right;
  for (const std::string& sample : it.samples) right.push_back(it.is_right(sample));
  const auto n = static_cast<std::int64_t>(right.size());
  const auto correct = std::count(right.begin(), right.end(), true);
  if (contains(name, "g-pass@")) {
    const std::size_t threshold = name.find('_', name.find("g-pass@"));
    if (threshold == std::string::npos) return mean_g_pass_at_k(n, correct, it.k);
    return g_pass_at_k(n, correct, it.k, std::stod(name.substr(threshold + 1)));
  }
  if (contains(name, "pass@k")) return pass_at_k(n, correct, it.k);
  if (contains(name, "avg@k")) return average_at_k(right, it.k);
  if (contains(name, "maj@k")) return majority(it) ? 1.0 : 0.0;
  if (name == "em" || name == "extractive_match") return right.at(0) ? 1.0 : 0.0;
  return std::nullopt;
}

TEST(LightevalCases, EqualItsExpectedValues) {
  ASSAY_REQUIRE_TEST_DATA(folder, "data/equivalence/lighteval_test_cases");
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto suite = parse_json(testing::read_text(entry.path()));
    ASSERT_TRUE(suite) << entry.path();
    for (const nlohmann::json& json : json_list(*suite, "test_cases")) {
      const Case it = read_case(json);
      const double tolerance = json_number(json, "tolerance").value_or(0);
      for (const auto& [name, expected] : json_member(json, "expected_output").items()) {
        const auto value = value_of(it, name);
        if (!value) continue;  // a metric of summaries
        EXPECT_NEAR(*value, expected.get<double>(), tolerance)
            << entry.path().filename() << ": " << json_text(json, "name") << ": " << name;
        ++compared;
      }
    }
  }
  std::cout << compared << " expected values compared\n";
  EXPECT_GE(compared, 1);
}

TEST(GPassAtK, IsPassAtKFromOneUpwards) {
  for (std::int64_t n = 1; n <= 12; ++n) {
    for (std::int64_t c = 0; c <= n; ++c) {
      for (std::int64_t k = 1; k <= n; ++k) {
        EXPECT_NEAR(*g_pass_at_k(n, c, k, 0), *pass_at_k(n, c, k), 1e-12);
        EXPECT_GE(*g_pass_at_k(n, c, k, 0.5) + 1e-12, *g_pass_at_k(n, c, k, 1));
      }
    }
  }
  EXPECT_EQ(g_pass_at_k(2, 1, 3, 0.5), std::nullopt);
  EXPECT_EQ(mean_g_pass_at_k(2, 1, 3), std::nullopt);
  EXPECT_EQ(average_at_k({true, false}, 3), std::nullopt);
  EXPECT_DOUBLE_EQ(*g_pass_at_k(5, 5, 3, 1), 1);
  EXPECT_DOUBLE_EQ(*average_at_k({true, false, true}, 2), 0.5);
}

}  // namespace
}  // namespace assay::evals::compat
