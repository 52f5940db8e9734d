#include "evals/common/compat/number_words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "evals/common/compat/python_text.h"

namespace assay::evals::compat {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::string_view kPoint = "point";
constexpr std::array<std::pair<std::string_view, std::int64_t>, 32> kValues = {{
    {"zero", 0},      {"one", 1},         {"two", 2},           {"three", 3},
    {"four", 4},      {"five", 5},        {"six", 6},           {"seven", 7},
    {"eight", 8},     {"nine", 9},        {"ten", 10},          {"eleven", 11},
    {"twelve", 12},   {"thirteen", 13},   {"fourteen", 14},     {"fifteen", 15},
    {"sixteen", 16},  {"seventeen", 17},  {"eighteen", 18},     {"nineteen", 19},
    {"twenty", 20},   {"thirty", 30},     {"forty", 40},        {"fifty", 50},
    {"sixty", 60},    {"seventy", 70},    {"eighty", 80},       {"ninety", 90},
    {"hundred", 100}, {"thousand", 1000}, {"million", 1000000}, {"billion", 1000000000},
}};

const std::int64_t* value_of(std::string_view word) {
  const auto* it = std::find_if(kValues.begin(), kValues.end(),
                                [word](const auto& entry) { return entry.first == word; });
  return it == kValues.end() ? nullptr : &it->second;
}

/// The package's reading of one group ("three hundred forty two"): by position, not by grammar.
std::optional<std::int64_t> group_value(const Words& words) {
  std::vector<std::int64_t> n;
  for (const std::string_view word : words) n.push_back(*value_of(word));
  if (n.empty()) return std::nullopt;  // an exception there
  if (n.size() == 4) return n[0] * n[1] + n[2] + n[3];
  if (n.size() == 3) return n[0] * n[1] + n[2];
  if (n.size() == 2) return n[0] == 100 || n[1] == 100 ? n[0] * n[1] : n[0] + n[1];
  return n[0];
}

std::optional<std::size_t> index_of(const Words& words, std::string_view word) {
  const auto it = std::find(words.begin(), words.end(), word);
  if (it == words.end()) return std::nullopt;
  return static_cast<std::size_t>(it - words.begin());
}

/// Sum of the groups before "billion", "million", "thousand" and behind the last of them.
std::optional<std::int64_t> whole_value(const Words& words) {
  if (words.empty()) return 0;
  if (words.size() == 1) return *value_of(words[0]);
  std::int64_t sum = 0;
  std::size_t begin = 0;
  for (const std::string_view scale : {"billion", "million", "thousand"}) {
    const auto at = index_of(words, scale);
    if (!at) continue;
    if (*at < begin) return std::nullopt;  // "two thousand million"
    const auto group = group_value(Words(words.begin() + static_cast<std::ptrdiff_t>(begin),
                                         words.begin() + static_cast<std::ptrdiff_t>(*at)));
    if (!group) return std::nullopt;
    sum += *group * *value_of(scale);
    begin = *at + 1;
  }
  if (begin == words.size()) return sum;
  const auto rest =
      group_value(Words(words.begin() + static_cast<std::ptrdiff_t>(begin), words.end()));
  if (!rest) return std::nullopt;
  return sum + *rest;
}

Words number_words_of(const std::string& text) {
  Words words;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !contains(" \t\n\v\f\r", std::string_view(text).substr(i, 1))) continue;
    const std::string_view word = std::string_view(text).substr(begin, i - begin);
    if (word == kPoint || value_of(word) != nullptr) words.push_back(word);
    begin = i + 1;
  }
  return words;
}

/// ".25" of "two five" behind "point"; nothing where a word is no digit (the package then ignores
/// the decimals).
std::string decimals_of(const Words& words) {
  std::string digits;
  for (const std::string_view word : words) {
    const std::int64_t digit = *value_of(word);
    if (digit > 9) return {};
    digits += static_cast<char>('0' + digit);
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return digits.empty() ? digits : "." + digits;
}

}  // namespace

std::optional<std::string> number_from_words(std::string_view text) {
  std::string plain = lower(text);
  replace_all(plain, "-", " ");
  const bool digits_only = !plain.empty() && std::all_of(plain.begin(), plain.end(), is_digit);
  if (digits_only) {
    const std::size_t first = plain.find_first_not_of('0');
    return first == std::string::npos ? "0" : plain.substr(first);
  }
  Words words = number_words_of(plain);
  if (words.empty()) return std::nullopt;
  for (const std::string_view scale : {"thousand", "million", "billion", "point"}) {
    if (std::count(words.begin(), words.end(), scale) > 1) return std::nullopt;
  }
  Words behind_point;
  const auto point = index_of(words, kPoint);
  if (point) {
    behind_point.assign(words.begin() + static_cast<std::ptrdiff_t>(*point) + 1, words.end());
    words.resize(*point);
  }
  const auto whole = whole_value(words);
  if (!whole) return std::nullopt;
  return std::to_string(*whole) + decimals_of(behind_point);
}

}  // namespace assay::evals::compat
