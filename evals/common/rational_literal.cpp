#include "evals/common/rational_literal.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace assay::evals {
namespace {

using Kind = AnswerToken::Kind;
using Tokens = std::span<const AnswerToken>;

/// Words behind a number that change it; no units.
constexpr std::array<std::string_view, 24> value_words = {
    "million", "billion",   "thousand", "hundred", "dozen", "trillion", "squared", "cubed",
    "times",   "plus",      "minus",    "over",    "or",    "and",      "pi",      "sqrt",
    "mod",     "factorial", "half",     "to",      "by",    "score",    "base",    "not"};

bool is_symbol(Tokens tokens, std::size_t i, std::string_view text) {
  return i < tokens.size() && tokens[i].kind == Kind::symbol && tokens[i].text == text;
}

struct Number {
  mpq_class value;
  int decimals = -1;
};

std::optional<Number> read_number(const AnswerToken& token) {
  if (token.kind != Kind::number || token.text.size() > max_literal_digits) return std::nullopt;
  const std::size_t point = token.text.find('.');
  Number number;
  std::string digits = token.text;
  if (point != std::string::npos) {
    digits.erase(point, 1);
    number.decimals = static_cast<int>(digits.size() - point);
  }
  mpz_class denominator = 1;
  if (number.decimals > 0) {
    mpz_ui_pow_ui(denominator.get_mpz_t(), 10, static_cast<unsigned long>(number.decimals));
  }
  number.value = mpq_class(mpz_class(digits, 10), denominator);
  number.value.canonicalize();
  return number;
}

/// Reads from the front of `rest`, taking off what it understood.
class Reader {
 public:
  explicit Reader(Tokens tokens) : rest_(tokens) {}

  std::optional<RationalLiteral> run() {
    skip_equations();
    bool negative = take_sign();
    RationalLiteral literal;
    if (take("\\$")) {
      literal.unit = "\\$";
      negative = take_sign() != negative;
    }
    if (!read_value(literal)) return std::nullopt;
    if (negative) literal.value = -literal.value;
    if (!read_unit(literal)) return std::nullopt;
    return literal;
  }

 private:
  /// "x =" and "10 + 5 =": equations that state a value. What stands before the last '=' must be
  /// one variable or plain arithmetic; "9x + 9y = 9" states no value.
  void skip_equations() {
    std::size_t value = 0;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (!is_symbol(rest_, i, "=")) continue;
      const Tokens side = rest_.subspan(value, i - value);
      const bool variable =
          side.size() == 1 && side[0].kind == Kind::word && side[0].text.size() == 1;
      if (!variable && !is_arithmetic(side)) return;
      value = i + 1;
    }
    rest_ = rest_.subspan(value);
  }

  static bool is_arithmetic(Tokens side) {
    return !side.empty() && std::all_of(side.begin(), side.end(), [](const AnswerToken& token) {
      if (token.kind == Kind::number) return true;
      if (token.kind == Kind::command) return token.text == "\\times" || token.text == "\\cdot";
      return token.kind == Kind::symbol && token.text.size() == 1 &&
             std::string_view("+-*/()").find(token.text[0]) != std::string_view::npos;
    });
  }

  bool take(std::string_view symbol) {
    if (!is_symbol(rest_, 0, symbol)) return false;
    rest_ = rest_.subspan(1);
    return true;
  }

  bool take_sign() {
    if (take("-")) return true;
    take("+");
    return false;
  }

  std::optional<Number> take_number() {
    if (rest_.empty()) return std::nullopt;
    std::optional<Number> number = read_number(rest_[0]);
    if (number) rest_ = rest_.subspan(1);
    return number;
  }

  /// "{ [sign] number }"
  std::optional<mpq_class> take_braced() {
    if (rest_.empty() || rest_[0].kind != Kind::open) return std::nullopt;
    rest_ = rest_.subspan(1);
    const bool negative = take_sign();
    const std::optional<Number> number = take_number();
    if (!number || rest_.empty() || rest_[0].kind != Kind::close) return std::nullopt;
    rest_ = rest_.subspan(1);
    return negative ? mpq_class(-number->value) : number->value;
  }

  /// "\frac { a } { b }", b not 0.
  std::optional<mpq_class> take_fraction() {
    if (rest_.empty() || rest_[0].text != "\\frac") return std::nullopt;
    rest_ = rest_.subspan(1);
    const std::optional<mpq_class> numerator = take_braced();
    if (!numerator) return std::nullopt;
    const std::optional<mpq_class> denominator = take_braced();
    if (!denominator || *denominator == 0) return std::nullopt;
    return mpq_class(*numerator / *denominator);
  }

  bool read_value(RationalLiteral& literal) {
    if (!rest_.empty() && rest_[0].text == "\\frac") {
      const std::optional<mpq_class> fraction = take_fraction();
      if (fraction) literal.value = *fraction;
      return fraction.has_value();
    }
    const std::optional<Number> number = take_number();
    if (!number) return false;
    literal.value = number->value;
    literal.decimals = number->decimals;
    if (take("/")) {
      const std::optional<Number> denominator = take_number();
      if (!denominator || denominator->value == 0) return false;
      literal.value /= denominator->value;
      literal.decimals = -1;
      return true;
    }
    literal.is_integer = number->decimals < 0;
    return number->decimals >= 0 || read_mixed_part(literal);
  }

  /// The proper fraction of 3\frac{1}{2} or 3 1/2, if there is one.
  bool read_mixed_part(RationalLiteral& literal) {
    mpq_class part;
    if (!rest_.empty() && rest_[0].text == "\\frac") {
      const std::optional<mpq_class> fraction = take_fraction();
      if (!fraction) return false;
      part = *fraction;
    } else if (rest_.size() >= 3 && rest_[0].blank_before && is_symbol(rest_, 1, "/")) {
      const std::optional<Number> numerator = take_number();
      take("/");
      const std::optional<Number> denominator = take_number();
      if (!numerator || !denominator || denominator->value == 0) return false;
      part = numerator->value / denominator->value;
    } else {
      return true;
    }
    if (part <= 0 || part >= 1) return false;  // 3\frac{5}{2} is a product or a slip
    literal.value += part;
    literal.is_integer = false;
    return true;
  }

  /// The rest must be a unit: percent, degrees, or words with powers and slashes (km/h, cm^{2}).
  bool read_unit(RationalLiteral& literal) {
    if (rest_.empty()) return true;
    if (!literal.unit.empty()) return false;  // "\$5 apples"
    if (rest_.size() == 1) {
      const std::string& text = rest_[0].text;
      if (text == "%" || text == "\\%") return set_unit(literal, "%");
      if (text == "\\degree" || text == "\\$") return set_unit(literal, text);
    }
    bool expects_word = true;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const AnswerToken& token = rest_[i];
      if (is_unit_word(token)) {
        expects_word = false;
      } else if (!expects_word && token.text == "/") {
        expects_word = true;
      } else if (!expects_word && is_power(i)) {
        i += 3;
      } else {
        return false;
      }
    }
    std::vector<AnswerToken> unit(rest_.begin(), rest_.end());
    return !expects_word && set_unit(literal, joined(unit));
  }

  static bool is_unit_word(const AnswerToken& token) {
    if (token.kind != Kind::word) return false;
    if (token.text.size() < 2 && !token.in_text) return false;  // 5x
    return std::find(value_words.begin(), value_words.end(), token.text) == value_words.end();
  }

  /// "^ { 2 }" at i.
  bool is_power(std::size_t i) const {
    return i + 3 < rest_.size() && rest_[i].text == "^" && rest_[i + 1].kind == Kind::open &&
           rest_[i + 2].kind == Kind::number && rest_[i + 3].kind == Kind::close;
  }

  static bool set_unit(RationalLiteral& literal, std::string unit) {
    literal.unit = std::move(unit);
    return true;
  }

  Tokens rest_;
};

}  // namespace

std::optional<RationalLiteral> rational_literal(std::span<const AnswerToken> tokens) {
  return Reader(tokens).run();
}

}  // namespace assay::evals
