// Every answer of the mini sets is computed here anew, by brute force where that is possible.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/datasets/find_dataset.h"

namespace assay {
namespace {

using testing::dataset;

int count_if_in(int low, int high, const std::function<bool(int)>& holds) {
  int n = 0;
  for (int i = low; i <= high; ++i) n += holds(i) ? 1 : 0;
  return n;
}

int digit_sum(int n) {
  return n == 0 ? 0 : n % 10 + digit_sum(n / 10);
}

bool is_prime(int n) {
  return n > 1 && count_if_in(1, n, [n](int d) { return n % d == 0; }) == 2;
}

std::string fraction(int numerator, int denominator) {
  const int g = std::gcd(numerator, denominator);
  return "\\frac{" + std::to_string(numerator / g) + "}{" + std::to_string(denominator / g) + "}";
}

/// Fills a 2 x `width` board cell by cell; bit 2*column+row of `filled` is set for a covered cell.
int tilings(int width, unsigned filled) {
  const int cells = 2 * width;
  int cell = 0;
  while (cell < cells && (filled >> cell & 1U) != 0) ++cell;
  if (cell == cells) return 1;
  const unsigned here = 1U << cell;
  const bool top = cell % 2 == 0;
  const bool has_next_column = cell + 2 < cells;
  int n = 0;
  const auto lay = [&](unsigned mask) {
    if ((filled & mask) == 0) n += tilings(width, filled | mask);
  };
  if (top) lay(here | here << 1U);
  if (has_next_column) lay(here | here << 2U);
  if (top && has_next_column) lay(here | here << 1U | here << 2U | here << 3U);
  return n;
}

int frog_paths(int from, int goal) {
  if (from == goal) return 1;
  int n = 0;
  for (int jump = 1; jump <= 3; ++jump) {
    const int next = from + jump;
    if (next <= goal && next % 5 != 0) n += frog_paths(next, goal);
  }
  return n;
}

int ordered_derangements(int size) {
  std::vector<int> row(static_cast<std::size_t>(size));
  std::iota(row.begin(), row.end(), 1);
  int n = 0;
  do {
    bool fits = row.front() < row.back();
    for (int k = 1; k <= size; ++k) fits = fits && row[static_cast<std::size_t>(k - 1)] != k;
    n += fits ? 1 : 0;
  } while (std::next_permutation(row.begin(), row.end()));
  return n;
}

int power_mod(int base, int exponent, int modulus) {
  int value = 1;
  for (int i = 0; i < exponent; ++i) value = value * base % modulus;
  return value;
}

int sums_to_eight() {
  int n = 0;
  for (int a = 1; a <= 6; ++a) n += count_if_in(1, 6, [a](int b) { return a + b == 8; });
  return n;
}

int rectangle_area(int perimeter, int side) {
  return side * (perimeter / 2 - side);
}

std::vector<std::string> math_answers() {
  int multiples = 0;
  for (int i = 1; i <= 200; ++i) multiples += i % 3 == 0 || i % 5 == 0 ? i : 0;
  const int x = count_if_in(0, 100, [](int v) { return 3 * v + 4 < 19; });  // increasing in v
  return {std::to_string(7 + 5),
          std::to_string(15 - 6),
          std::to_string(6 * 4),
          std::to_string(16 / 2),
          std::to_string(3 + 4),
          std::to_string(10 + 10 + 10),
          std::to_string(2 * 7),
          std::to_string(2 * 5),
          std::to_string(48 + 37),
          std::to_string(12 * 5 + 9),
          3 * x + 4 == 19 ? std::to_string(x) : "no integer solution",
          fraction(1 * 3 + 1 * 2, 2 * 3),
          std::to_string(1000 % 7),
          std::to_string(15 * 250 / 100) + (15 * 250 % 100 == 50 ? ".5" : "?"),
          std::to_string(rectangle_area(34, 5)),
          std::to_string(count_if_in(1, 360, [](int d) { return 360 % d == 0; })),
          fraction(sums_to_eight(), 36),
          std::to_string(multiples),
          std::to_string(count_if_in(1, 1000, [](int n) { return digit_sum(n) == 10; })),
          std::to_string(tilings(10, 0))};
}

std::vector<std::string> aime_answers() {
  int trailing_zeros = 0;
  for (int i = 1; i <= 100; ++i) {
    for (int rest = i; rest % 5 == 0; rest /= 5) ++trailing_zeros;  // twos are never scarce
  }
  const int consecutive_even = count_if_in(0, 1000, [](int n) { return n * (n + 2) < 2208; });
  int triples = 0;
  for (int c = 0; 3 * c <= 60; ++c) {
    triples += count_if_in(0, 60, [c](int b) { return 3 * c + 2 * b <= 60; });
  }
  const std::vector<int> values = {
      100 + 23,
      9 * 9,
      500 - 1,
      4 * 60,
      1 << 8,
      20 * 21 / 2,
      std::gcd(84, 126),
      std::lcm(12, 18),
      count_if_in(0, 49, is_prime),
      consecutive_even + 2,
      digit_sum(1 << 20),
      count_if_in(100, 999, [](int n) { return n % 7 == 0 && n % 14 != 0; }),
      trailing_zeros,
      count_if_in(1, 26, [](int a) { return 720 % a == 0 && a < 720 / a; }),
      power_mod(3, 2024, 1000),
      count_if_in(0, (1 << 12) - 1, [](int set) { return (set & set << 1) == 0; }),
      count_if_in(1, 2000, [](int n) { return (n * n + 1) % 5 == 0; }),
      triples,
      frog_paths(0, 13),
      ordered_derangements(6)};
  std::vector<std::string> out;
  out.reserve(values.size());
  for (const int value : values) out.push_back(std::to_string(value));
  return out;
}

void expect_answers(const char* name, const std::vector<std::string>& answers) {
  const Result<DatasetContent> content = dataset(name).read("");
  ASSERT_TRUE(content) << content.error().line();
  ASSERT_EQ(content->problems.size(), answers.size());
  EXPECT_EQ(content->sha256.size(), 64U);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(content->problems[i].id, std::string(name) + "/" + std::to_string(i + 1));
    EXPECT_EQ(content->problems[i].answer, answers[i]) << content->problems[i].question;
  }
}

TEST(Mini, MathAnswersAreRight) {
  expect_answers("mini-math", math_answers());
}

TEST(Mini, AimeAnswersAreRight) {
  expect_answers("mini-aime", aime_answers());
}

/// A fraction, as "3/4" or "3".
struct Ratio {
  long over, under;
  explicit Ratio(const std::string& text) : over(std::stol(text)), under(1) {
    const std::size_t bar = text.find('/');
    if (bar != text.npos) under = std::stol(text.substr(bar + 1));
  }
};

/// The last value of a solution's ": a sign b = value." or ": a = value."; each is checked.
std::string checked_value(const std::string& solution) {
  static const std::regex equation(R"(: (\S+)(?: ([-+*/]) (\S+))? = (\S+)\.)");
  std::string last;
  for (std::sregex_iterator it(solution.begin(), solution.end(), equation), end; it != end; ++it) {
    const std::string sign = (*it)[2];
    const Ratio a((*it)[1]);
    const Ratio b(sign.empty() ? "1" : (*it)[3].str());
    last = (*it)[4];
    const Ratio value(last);
    long over = a.over * b.over;  // of a * b, which a alone is, too
    long under = a.under * b.under;
    if (sign == "+") over = a.over * b.under + b.over * a.under;
    if (sign == "-") over = a.over * b.under - b.over * a.under;
    if (sign == "/") over = a.over * b.under, under = a.under * b.over;
    EXPECT_EQ(over * value.under, value.over * under) << it->str() << " in " << solution;
  }
  return last;
}

// The solution's last value is the answer, as a box would hold it.
TEST(Mini, ChainProblemsHaveTrueSolutions) {
  std::set<std::string> questions;
  for (const auto& [name, size] : {std::pair{"mini-chain", 100}, {"mini-chain-held-out", 1000}}) {
    const Result<DatasetContent> content = dataset(name).read("");
    ASSERT_TRUE(content) << content.error().line();
    EXPECT_EQ(std::ssize(content->problems), size);
    for (const Problem& problem : content->problems) {
      EXPECT_TRUE(questions.insert(problem.question).second) << "twice: " << problem.question;
      const std::string value = checked_value(problem.extra.at("solution").get<std::string>());
      const std::size_t bar = value.find('/');
      const std::string boxed =
          bar == value.npos ? value
                            : "\\frac{" + value.substr(0, bar) + "}{" + value.substr(bar + 1) + "}";
      EXPECT_EQ(boxed, problem.answer) << problem.id;
    }
  }
}

TEST(Mini, CodeFollowsHumanEvalsSchema) {
  const Result<DatasetContent> content = dataset("mini-code").read("");
  ASSERT_TRUE(content) << content.error().line();
  ASSERT_EQ(content->problems.size(), 20U);
  for (const Problem& problem : content->problems) {
    EXPECT_TRUE(problem.answer.empty());
    EXPECT_NE(problem.extra.at("test").get<std::string>().find("def check(candidate):"),
              std::string::npos);
    EXPECT_NE(problem.question.find("\"\"\""), std::string::npos) << "no docstring";
  }
}

}  // namespace
}  // namespace assay
