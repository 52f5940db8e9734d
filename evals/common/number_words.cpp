#include "evals/common/number_words.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "evals/common/answer_words.h"

namespace assay::evals {
namespace {

using TokenKind = AnswerToken::Kind;
using Named = std::pair<std::string_view, long>;

constexpr Named tens[] = {{"twenty", 20}, {"thirty", 30},  {"forty", 40},  {"fifty", 50},
                          {"sixty", 60},  {"seventy", 70}, {"eighty", 80}, {"ninety", 90}};
constexpr Named scales[] = {{"thousand", 1'000},
                            {"million", 1'000'000},
                            {"billion", 1'000'000'000},
                            {"trillion", 1'000'000'000'000}};
constexpr Named parts[] = {{"half", 2},       {"halve", 2},       {"third", 3},
                           {"quarter", 4},    {"fourth", 4},      {"fifth", 5},
                           {"sixth", 6},      {"seventh", 7},     {"eighth", 8},
                           {"ninth", 9},      {"tenth", 10},      {"eleventh", 11},
                           {"twelfth", 12},   {"fifteenth", 15},  {"sixteenth", 16},
                           {"twentieth", 20}, {"hundredth", 100}, {"thousandth", 1000}};

template <std::size_t N>
std::optional<long> find_in(const Named (&table)[N], std::string_view word) {
  const auto* at = std::find_if(std::begin(table), std::end(table),
                                [word](const Named& entry) { return entry.first == word; });
  return at == std::end(table) ? std::nullopt : std::optional(at->second);
}

class NumberReader {
 public:
  explicit NumberReader(AnswerTokens tokens) : tokens_(tokens) {}

  std::optional<NumberInWords> run() {
    if (!tokens_.empty() && tokens_[0].kind == TokenKind::number) return digits_and_part();
    std::optional<long> whole = integer();
    // "a half", "half": one of it.
    const bool article = !whole && (take("a") || take("an"));
    const std::optional<long> part = take_part();
    if (part) return NumberInWords{fraction(whole.value_or(1), *part), at_};
    if (article || !whole) return std::nullopt;
    return with_part({mpq_class(*whole), at_});
  }

 private:
  /// "2 and a half"
  std::optional<NumberInWords> digits_and_part() {
    const std::string& digits = tokens_[0].text;
    constexpr std::size_t most_digits = 9;
    if (digits.size() > most_digits || digits.find_first_of(".e") != std::string::npos) {
      return std::nullopt;
    }
    at_ = 1;
    NumberInWords found = with_part({mpq_class(mpz_class(digits, 10)), 1});
    return found.used > 1 ? std::optional(found) : std::nullopt;
  }

  /// With "and a half" behind it, if it stands there.
  NumberInWords with_part(NumberInWords found) {
    if (!take("and")) return found;
    const long count = take("a") || take("an") ? 1 : integer().value_or(0);
    const std::optional<long> part = count > 0 ? take_part() : std::nullopt;
    if (part && count < *part) found = {found.value + fraction(count, *part), at_};
    return found;
  }

  static mpq_class fraction(long count, long part) {
    mpq_class value(count, part);
    value.canonicalize();
    return value;
  }

  std::string word(std::size_t ahead = 0) const {
    const std::size_t place = at_ + ahead;
    const bool there = place < tokens_.size() && tokens_[place].kind == TokenKind::word;
    return there ? lower_case(tokens_[place].text) : std::string();
  }

  bool take(std::string_view wanted) {
    const bool found = word() == wanted;
    at_ += found ? 1 : 0;
    return found;
  }

  /// The hyphen of "twenty-one".
  bool hyphen() const {
    return at_ < tokens_.size() && tokens_[at_].kind == TokenKind::symbol &&
           tokens_[at_].text == "-" && !tokens_[at_].blank_before;
  }

  std::optional<long> take_part() {
    const std::size_t before = at_;
    if (hyphen()) ++at_;
    std::string name = word();
    if (name.size() > 4 && name.ends_with('s')) name.pop_back();
    const std::optional<long> part = find_in(parts, name);
    at_ = part ? at_ + 1 : before;
    return part;
  }

  /// 0 to 99.
  std::optional<long> below_hundred() {
    if (const std::optional<int> small = numeral_named(word())) {
      if (*small < 20) {
        ++at_;
        return *small;
      }
    }
    const std::optional<long> ten = find_in(tens, word());
    if (!ten) return std::nullopt;
    ++at_;
    const std::size_t before = at_;
    if (hyphen()) ++at_;
    const std::optional<int> one = numeral_named(word());
    if (one && *one > 0 && *one < 10) {
      ++at_;
      return *ten + *one;
    }
    at_ = before;
    return ten;
  }

  /// 0 to 999; "and" may stand behind the hundreds.
  std::optional<long> below_thousand() {
    std::optional<long> value = below_hundred();
    if (!value && word() == "hundred") value = 1;
    if (!value || !take("hundred")) return value;
    return *value * 100 + behind_and().value_or(0);
  }

  /// What follows a round number: "and five", "five".
  std::optional<long> behind_and() {
    const std::size_t before = at_;
    take("and");
    const std::optional<long> rest = below_hundred();
    if (!rest) at_ = before;
    return rest;
  }

  std::optional<long> integer() {
    std::optional<long> group = below_thousand();
    if (!group) return std::nullopt;
    long total = 0;
    long last_scale = 0;
    while (group) {
      const std::optional<long> scale = find_in(scales, word());
      if (!scale || (last_scale != 0 && *scale >= last_scale)) break;
      ++at_;
      total += *group * *scale;
      last_scale = *scale;
      group = below_thousand();
      if (!group) group = behind_and();
    }
    return total + group.value_or(0);
  }

  AnswerTokens tokens_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<NumberInWords> number_in_words(AnswerTokens tokens) {
  return NumberReader(tokens).run();
}

}  // namespace assay::evals
