#include "evals/common/answer_words.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace assay::evals {
namespace {

using TokenKind = AnswerToken::Kind;
using Pair = std::pair<std::string_view, std::string_view>;

template <std::size_t N>
std::string_view find_in(const Pair (&table)[N], std::string_view word) {
  for (const auto& [from, to] : table) {
    if (from == word) return to;
  }
  return {};
}

template <std::size_t N>
bool is_among(const std::string_view (&table)[N], std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

constexpr Pair functions[] = {{"sin", "sin"},
                              {"cos", "cos"},
                              {"tan", "tan"},
                              {"cot", "cot"},
                              {"sec", "sec"},
                              {"csc", "csc"},
                              {"cosec", "csc"},
                              {"arcsin", "arcsin"},
                              {"arccos", "arccos"},
                              {"arctan", "arctan"},
                              {"arccot", "arccot"},
                              {"arcsec", "arcsec"},
                              {"arccsc", "arccsc"},
                              {"asin", "arcsin"},
                              {"acos", "arccos"},
                              {"atan", "arctan"},
                              {"acot", "arccot"},
                              {"sinh", "sinh"},
                              {"cosh", "cosh"},
                              {"tanh", "tanh"},
                              {"coth", "coth"},
                              {"sech", "sech"},
                              {"csch", "csch"},
                              {"arcsinh", "arsinh"},
                              {"arccosh", "arcosh"},
                              {"arctanh", "artanh"},
                              {"arsinh", "arsinh"},
                              {"arcosh", "arcosh"},
                              {"artanh", "artanh"},
                              {"asinh", "arsinh"},
                              {"acosh", "arcosh"},
                              {"atanh", "artanh"},
                              {"exp", "exp"},
                              {"ln", "ln"},
                              {"log", "log"},
                              {"lg", "lg"},
                              {"abs", "abs"},
                              {"Abs", "abs"},
                              {"floor", "floor"},
                              {"ceil", "ceil"},
                              {"ceiling", "ceil"},
                              {"gcd", "gcd"},
                              {"lcm", "lcm"},
                              {"binom", "binomial"},
                              {"binomial", "binomial"},
                              {"Re", "re"},
                              {"Im", "im"},
                              {"arg", "arg"},
                              {"sgn", "sgn"},
                              {"sign", "sgn"},
                              {"max", "max"},
                              {"min", "min"},
                              {"Max", "max"},
                              {"Min", "min"},
                              {"sqrt", "sqrt"},
                              {"cbrt", "cbrt"},
                              {"root", "root"},
                              {"Rational", "divide"},
                              {"factorial", "factorial"},
                              {"cis", "cis"}};

constexpr Pair constants[] = {{"pi", "pi"},
                              {"Pi", "pi"},
                              {"\\pi", "pi"},
                              {"\\infty", "infinity"},
                              {"infty", "infinity"},
                              {"infinity", "infinity"},
                              {"Infinity", "infinity"},
                              {"inf", "infinity"},
                              {"oo", "infinity"}};

constexpr std::string_view greek[] = {
    "alpha",  "beta",  "gamma", "delta", "epsilon", "zeta",   "eta",   "theta",   "iota", "kappa",
    "lambda", "mu",    "nu",    "xi",    "rho",     "sigma",  "tau",   "upsilon", "phi",  "chi",
    "psi",    "omega", "Gamma", "Delta", "Theta",   "Lambda", "Sigma", "Phi",     "Psi",  "Omega"};
constexpr std::string_view greek_commands[] = {
    "\\alpha", "\\beta",    "\\gamma",  "\\delta", "\\epsilon", "\\zeta",  "\\eta",   "\\theta",
    "\\iota",  "\\kappa",   "\\lambda", "\\mu",    "\\nu",      "\\xi",    "\\rho",   "\\sigma",
    "\\tau",   "\\upsilon", "\\phi",    "\\chi",   "\\psi",     "\\omega", "\\Gamma", "\\Delta",
    "\\Theta", "\\Lambda",  "\\Sigma",  "\\Phi",   "\\Psi",     "\\Omega"};
static_assert(std::size(greek) == std::size(greek_commands));

constexpr std::string_view numerals[] = {
    "zero",     "one",     "two",     "three",     "four",     "five",     "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};

/// Short words of English; runs of two or three other letters are products of variables.
constexpr std::string_view short_words[] = {
    "no",  "yes", "odd", "and", "or",  "the", "is",  "are", "in",  "of",  "to",  "not", "all",
    "any", "for", "if",  "it",  "its", "as",  "at",  "by",  "on",  "we",  "so",  "an",  "be",
    "red", "day", "may", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "oct", "nov",
    "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "one", "two", "six", "ten", "can",
    "has", "non", "per", "men", "dog", "cat", "pen", "box", "bus", "car", "win", "tie"};

constexpr Pair units[] = {
    {"mm", "mm"},         {"millimeter", "mm"}, {"millimetre", "mm"}, {"cm", "cm"},
    {"centimeter", "cm"}, {"centimetre", "cm"}, {"m", "m"},           {"meter", "m"},
    {"metre", "m"},       {"km", "km"},         {"kilometer", "km"},  {"kilometre", "km"},
    {"in", "in"},         {"inch", "in"},       {"inche", "in"},      {"ft", "ft"},
    {"foot", "ft"},       {"feet", "ft"},       {"yd", "yd"},         {"yard", "yd"},
    {"mi", "mi"},         {"mile", "mi"},       {"g", "g"},           {"gram", "g"},
    {"kg", "kg"},         {"kilogram", "kg"},   {"mg", "mg"},         {"milligram", "mg"},
    {"lb", "lb"},         {"pound", "lb"},      {"oz", "oz"},         {"ounce", "oz"},
    {"s", "s"},           {"sec", "s"},         {"second", "s"},      {"ms", "ms"},
    {"min", "min"},       {"minute", "min"},    {"h", "h"},           {"hr", "h"},
    {"hour", "h"},        {"day", "day"},       {"week", "week"},     {"month", "month"},
    {"year", "year"},     {"yr", "year"},       {"L", "L"},           {"l", "L"},
    {"liter", "L"},       {"litre", "L"},       {"ml", "mL"},         {"mL", "mL"},
    {"milliliter", "mL"}, {"gallon", "gallon"}, {"gal", "gallon"},    {"mph", "mi/h"},
    {"kph", "km/h"},      {"kmh", "km/h"},      {"J", "J"},           {"joule", "J"},
    {"W", "W"},           {"watt", "W"},        {"N", "N"},           {"newton", "N"},
    {"Hz", "Hz"},         {"hertz", "Hz"},      {"Pa", "Pa"},         {"V", "V"},
    {"volt", "V"},        {"A", "A"},           {"K", "K"},           {"kelvin", "K"},
    {"rad", "rad"},       {"radian", "rad"},    {"deg", "degree"},    {"degree", "degree"},
    {"percent", "%"},     {"pct", "%"},         {"percentage", "%"},  {"dollar", "$"},
    {"usd", "$"},         {"USD", "$"},         {"buck", "$"},        {"cent", "cent"},
    {"euro", "euro"},     {"eur", "euro"},      {"gbp", "gbp"},       {"yen", "yen"},
    {"unit", "unit"},     {"eV", "eV"},         {"pc", "pc"},         {"AU", "AU"},
    {"mol", "mol"},       {"nm", "nm"},         {"kJ", "kJ"},         {"kW", "kW"},
    {"MHz", "MHz"},       {"kPa", "kPa"},       {"point", "point"},   {"sq", "square"},
    {"square", "square"}, {"cubic", "cubic"},   {"per", "/"},         {"erg", "erg"},
    {"dyne", "dyne"},     {"ohm", "ohm"},       {"C", "C"},           {"coulomb", "C"},
    {"T", "T"},           {"tesla", "T"},       {"kmph", "km/h"},     {"cal", "cal"},
    {"kcal", "kcal"}};

/// Words behind a number that change it; no units.
constexpr std::string_view value_words[] = {
    "million", "billion",   "thousand", "hundred", "dozen",  "trillion", "squared", "cubed",
    "times",   "plus",      "minus",    "over",    "or",     "and",      "pi",      "sqrt",
    "mod",     "factorial", "half",     "to",      "by",     "score",    "base",    "not",
    "where",   "for",       "if",       "when",    "with",   "is",       "are",     "than",
    "less",    "more",      "greater",  "third",   "quarter"};

/// "apples" and "apple" are one unit.
std::string singular(std::string word) {
  if (word.size() > 3 && word.ends_with('s') && !word.ends_with("ss")) word.pop_back();
  return word;
}

/// Reads units from tokens: a product of words with powers, "/" and "per".
class UnitReader {
 public:
  UnitReader(AnswerTokens tokens, bool letters) : rest_(tokens), letters_(letters) {}

  std::optional<std::string> run() {
    while (!rest_.empty()) {
      const AnswerToken& token = rest_[0];
      if (token.text == "\\frac" || (in_fraction_ && is_brace(token))) {
        read_fraction(token);
      } else if (token.kind == TokenKind::group_open || token.kind == TokenKind::group_close ||
                 (token.kind == TokenKind::symbol && (token.text == "." || token.text == "*" ||
                                                      token.text == "(" || token.text == ")"))) {
        rest_ = rest_.subspan(1);
      } else if (token.kind == TokenKind::symbol && (token.text == "/" || token.text == "-")) {
        if (token.text == "/") divide();
        rest_ = rest_.subspan(1);
      } else if (token.kind == TokenKind::word) {
        if (!read_word(token)) return std::nullopt;
      } else if (!read_sign(token)) {
        return std::nullopt;
      }
    }
    if (factors_.empty() || slash_due_) return std::nullopt;
    return name();
  }

 private:
  bool read_word(const AnswerToken& token) {
    const std::string lower = lower_case(token.text);
    if (is_among(value_words, lower) || numeral_named(lower)) return false;
    std::string_view unit = unit_named(token.text);
    const bool plain =
        (token.text.size() > 3 && token.blank_before) || token.in_text || lower == "old";
    if (unit.empty() && !plain) return false;
    if (token.text.size() == 1 && !token.in_text && (!letters_ || unit.empty())) return false;
    rest_ = rest_.subspan(1);
    if (unit == "square" || unit == "cubic") {
      power_ = unit == "square" ? "^2" : "^3";
      if (rest_.empty() || lower.ends_with('s')) add("unit");  // "5 square units", "5 squares"
      return true;
    }
    if (unit == "/") {
      divide();
      return true;
    }
    // Adverbs and articles say nothing about the unit.
    if (lower == "of" || lower == "the" || lower == "a" || lower == "old") return true;
    if (unit == "degree") {
      add(with_scale("degree"));
      return true;
    }
    add(unit.empty() ? singular(lower) : std::string(unit));
    return true;
  }

  static bool is_brace(const AnswerToken& token) {
    return token.kind == TokenKind::open || token.kind == TokenKind::close;
  }

  /// \frac{m}{s} is m/s.
  void read_fraction(const AnswerToken& token) {
    const bool between = token.kind == TokenKind::close && rest_.size() > 1 && rest_[1].text == "{";
    if (token.text == "\\frac") in_fraction_ = true;
    if (between) divide();
    if (token.kind == TokenKind::close && !between) in_fraction_ = false;
    rest_ = rest_.subspan(1);
  }

  void divide() {
    below_ = true;
    slash_due_ = true;
  }

  void add(const std::string& unit) {
    slash_due_ = false;
    std::string power = power_;
    power_.clear();
    if (const std::string written = read_power(); !written.empty()) power = "^" + written;
    const bool inverse = power.starts_with("^-");
    if (inverse) power.erase(1, 1);
    if (power == "^1") power.clear();
    // ms^{-1} is a speed, not the inverse of a millisecond.
    if (unit == "ms" && inverse) {
      factors_.push_back({"m", below_});
      factors_.push_back({"s" + power, !below_});
      return;
    }
    factors_.push_back({unit + power, below_ != inverse});
  }

  /// ^{2}, ^ 2 inside a text, ^{-1}
  std::string read_power() {
    if (rest_.empty() || rest_[0].text != "^") return {};
    std::size_t i = 1;
    std::string power;
    while (i < rest_.size() &&
           (rest_[i].kind == TokenKind::open || rest_[i].kind == TokenKind::close ||
            rest_[i].kind == TokenKind::number || rest_[i].text == "-")) {
      if (rest_[i].kind == TokenKind::number || rest_[i].text == "-") power += rest_[i].text;
      ++i;
    }
    rest_ = rest_.subspan(i);
    return power;
  }

  /// m/s for m/s, m s^{-1} and s^{-1} m.
  std::string name() const {
    std::string above;
    std::string below;
    for (const Factor& factor : factors_) {
      std::string& part = factor.below ? below : above;
      part += (part.empty() ? "" : " ") + factor.text;
    }
    return below.empty() ? above : above + "/" + below;
  }

  bool read_sign(const AnswerToken& token) {
    std::string unit;
    if (token.text == "%" || token.text == "\\%") unit = "%";
    if (token.text == "\\degree") unit = "degree";
    if (token.text == "\\$") unit = "$";
    if (token.text == "\\Omega" && letters_) unit = "ohm";
    if (unit.empty()) return false;
    rest_ = rest_.subspan(1);
    add(unit == "degree" ? with_scale(unit) : unit);
    return true;
  }

  /// 90° C, 90 degrees Celsius: the scale belongs to the sign.
  std::string with_scale(const std::string& degree) {
    if (rest_.size() != 1 || rest_[0].kind != TokenKind::word) return degree;
    const std::string scale = lower_case(rest_[0].text);
    const bool celsius = rest_[0].text == "C" || scale == "celsius";
    if (!celsius && rest_[0].text != "F" && scale != "fahrenheit") return degree;
    rest_ = rest_.subspan(1);
    return degree + (celsius ? " C" : " F");
  }

  struct Factor {
    std::string text;
    bool below = false;
  };

  AnswerTokens rest_;
  std::vector<Factor> factors_;
  std::string power_;
  bool letters_;
  bool in_fraction_ = false;
  bool below_ = false;
  bool slash_due_ = false;  ///< a "/" waits for its unit
};

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

bool is_word(const AnswerToken& token, std::string_view lower) {
  return token.kind == TokenKind::word && lower_case(token.text) == lower;
}

bool units_agree(const std::string& a, const std::string& b) {
  const auto power = [](const std::string& unit) {
    const std::size_t at = unit.find('^');
    return at == std::string::npos ? std::string() : unit.substr(at);
  };
  const auto generic = [](const std::string& unit) {
    return unit == "unit" || unit.starts_with("unit^");
  };
  if (a == b) return true;
  if ((a == "degree" && b.starts_with("degree ")) || (b == "degree" && a.starts_with("degree "))) {
    return true;  // 5^\circ and 5 degrees Celsius
  }
  return !a.empty() && !b.empty() && (generic(a) || generic(b)) && power(a) == power(b);
}

std::string_view function_named(std::string_view word) {
  if (word.starts_with('\\')) word.remove_prefix(1);
  return find_in(functions, word);
}

std::string_view constant_named(std::string_view word) {
  return find_in(constants, word);
}

std::string_view greek_named(std::string_view word) {
  const auto* at = std::find(std::begin(greek), std::end(greek), word);
  return at == std::end(greek) ? std::string_view{} : greek_commands[at - std::begin(greek)];
}

std::optional<int> numeral_named(std::string_view lower_word) {
  const auto* at = std::find(std::begin(numerals), std::end(numerals), lower_word);
  if (at == std::end(numerals)) return std::nullopt;
  return static_cast<int>(at - std::begin(numerals));
}

bool is_plain_word(std::string_view word) {
  if (word.size() < 2) return false;
  const bool capitals =
      std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (word.size() > 3) return !capitals || word.size() > 5;
  return is_among(short_words, lower_case(word)) && !(capitals && word.size() == 2);
}

std::string_view unit_named(std::string_view word) {
  if (const std::string_view exact = find_in(units, word); !exact.empty()) return exact;
  if (word.size() < 2) return {};
  const std::string lower = lower_case(word);
  if (const std::string_view unit = find_in(units, lower); !unit.empty()) return unit;
  if (lower == "inches") return "in";
  return lower.ends_with('s') ? find_in(units, std::string_view(lower).substr(0, lower.size() - 1))
                              : std::string_view{};
}

std::optional<std::string> unit_of(AnswerTokens tokens, bool letters) {
  return UnitReader(tokens, letters).run();
}

}  // namespace assay::evals
