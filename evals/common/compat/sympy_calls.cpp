// Calls and atoms of sympy's LaTeX grammar: functions, roots, fractions, numbers, names.
#include <array>

#include "evals/common/compat/sympy_reader.h"

namespace assay::evals::compat {
namespace {

using Op = MathExpr::Op;
using Read = std::optional<MathExpr>;

/// Functions of one argument and the names by which sympy calls them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kCalls = {{
    {"exp", "exp"},      {"sin", "sin"},      {"cos", "cos"},      {"tan", "tan"},
    {"csc", "csc"},      {"sec", "sec"},      {"cot", "cot"},      {"arcsin", "asin"},
    {"arccos", "acos"},  {"arctan", "atan"},  {"arccsc", "acsc"},  {"arcsec", "asec"},
    {"arccot", "acot"},  {"sinh", "sinh"},    {"cosh", "cosh"},    {"tanh", "tanh"},
    {"arsinh", "asinh"}, {"arcosh", "acosh"}, {"artanh", "atanh"},
}};

}  // namespace

Read SympyReader::call() {
  const SympyToken token = peek();
  if (token.kind == Kind::letter || token.kind == Kind::symbol) return named_call();
  if (token.kind != Kind::command) return std::nullopt;
  ++at_;
  if (token.text == "sqrt") return root();
  if (token.text == "overline") {
    Read read = take("{") ? closed(sum(), "}") : Read();
    if (!read) return std::nullopt;
    return named(Op::function, "conjugate", {std::move(*read)});
  }
  if (token.text == "sum" || token.text == "prod") return big_operator(token.text);
  if (token.text == "int") return integral();
  if (token.text == "lim") return limit();
  return known_function(token.text);
}

Read SympyReader::named_call() {
  const std::optional<std::string> name = symbol_name();
  if (!name || !take("(")) return std::nullopt;
  std::vector<MathExpr> args;
  do {
    Read arg = sum();
    if (!arg) return std::nullopt;
    args.push_back(std::move(*arg));
  } while (take(","));
  if (!take(")")) return std::nullopt;
  return named(Op::apply, *name, std::move(args));
}

Read SympyReader::root() {
  MathExpr index = integer(2);
  if (take("[")) {
    Read read = closed(sum(), "]");
    if (!read) return std::nullopt;
    index = std::move(*read);
  }
  Read radicand = take("{") ? closed(sum(), "}") : Read();
  if (!radicand) return std::nullopt;
  MathExpr exponent = node(Op::divide, {integer(1), std::move(index)});
  return node(Op::power, {std::move(*radicand), std::move(exponent)});
}

Read SympyReader::known_function(const std::string& name) {
  const bool is_log = name == "log" || name == "ln" || name == "lg";
  const auto* entry = std::find_if(kCalls.begin(), kCalls.end(),
                                   [&name](const auto& f) { return f.first == name; });
  if (!is_log && entry == kCalls.end()) return std::nullopt;
  Read below;
  Read above;
  for (int i = 0; i < 2; ++i) {
    if (!below && take("_") && !(below = braced_or_atom())) return std::nullopt;
    if (!above && take("^") && !(above = braced_or_atom())) return std::nullopt;
  }
  const std::size_t end = at_;
  Read argument = attempt([this] { return parenthesised_argument(); });
  if (!argument) argument = attempt([this] { return product(true); });
  if (!argument && below && !above) argument = last_digit_of_base(*below, end);
  if (!argument) return std::nullopt;
  if (is_log) {
    if (!below && name == "lg") below = integer(10);
    std::vector<MathExpr> args = {std::move(*argument)};
    if (below) args.push_back(std::move(*below));
    return raised(named(Op::function, "log", std::move(args)), above);
  }
  const bool inverse = above && is_minus_one(*above);
  std::string sympy_name(entry->second);
  if (inverse && sympy_name[0] != 'a' && name != "exp") {
    return named(Op::function, "a" + sympy_name, {std::move(*argument)});
  }
  return raised(named(Op::function, std::move(sympy_name), {std::move(*argument)}), above);
}

Read SympyReader::last_digit_of_base(MathExpr& below, std::size_t end) {
  const bool digits = end > 1 && tokens_[end - 1].kind == Kind::digit &&
                      tokens_[end - 2].kind == Kind::digit && below.op == Op::number &&
                      below.decimals < 0;
  if (!digits) return std::nullopt;
  below.value = mpq_class(below.value.get_num() / 10);
  at_ = end - 1;
  return attempt([this] { return product(true); });
}

bool SympyReader::is_minus_one(const MathExpr& expr) {
  return expr.op == Op::negate && expr.args[0].op == Op::number && expr.args[0].value == 1;
}

Read SympyReader::raised(MathExpr base, Read& exponent) {
  if (!exponent) return base;
  return node(Op::power, {std::move(base), std::move(*exponent)});
}

Read SympyReader::parenthesised_argument() {
  if (!take("(")) return std::nullopt;
  Read first = sum();
  while (first && take(",")) {
    if (!sum()) return std::nullopt;
  }
  return closed(std::move(first), ")");
}

Read SympyReader::big_operator(const std::string& name) {
  Read end;
  if (take("^") && !(end = braced_or_atom())) return std::nullopt;
  if (!take("_") || !take("{")) return std::nullopt;
  Read variable = sum();
  if (!variable || !take("=")) return std::nullopt;
  Read start = closed(sum(), "}");
  if (!start || (!end && !take("^"))) return std::nullopt;
  if (!end && !(end = braced_or_atom())) return std::nullopt;
  Read term = product(false);
  if (!term) return std::nullopt;
  return named(Op::apply, name,
               {std::move(*variable), std::move(*start), std::move(*end), std::move(*term)});
}

Read SympyReader::integral() {
  std::vector<MathExpr> args;
  for (const char* side : {"_", "^"}) {
    if (!take(side)) continue;
    Read bound = braced_or_atom();
    if (!bound) return std::nullopt;
    args.push_back(std::move(*bound));
  }
  Read integrand = sum();  // its differential is a factor
  if (!integrand || args.size() == 1) return std::nullopt;
  args.push_back(std::move(*integrand));
  return named(Op::apply, "integral", std::move(args));
}

Read SympyReader::limit() {
  if (!take("_") || !take("{")) return std::nullopt;
  const std::optional<std::string> variable = symbol_name();
  if (!variable || peek().kind != Kind::command || peek().text != "to") return std::nullopt;
  ++at_;
  Read target = sum();
  std::string direction;
  if (target && take("^")) {
    const bool braced = take("{");
    direction = peek().text;
    if (!take("+") && !take("-")) return std::nullopt;
    if (braced && !take("}")) return std::nullopt;
  }
  target = closed(std::move(target), "}");
  if (!target) return std::nullopt;
  Read content = product(false);
  if (!content) return std::nullopt;
  return named(Op::apply, "limit" + direction + " of " + *variable,
               {std::move(*target), std::move(*content)});
}

Read SympyReader::atom() {
  const SympyToken token = peek();
  if (token.kind == Kind::digit) return number();
  if (token.kind == Kind::differential) {
    ++at_;
    return named(Op::symbol, token.text);
  }
  if (token.kind == Kind::letter || token.kind == Kind::symbol) {
    const std::optional<std::string> name = symbol_name();
    if (!name) return std::nullopt;
    const bool infinity = token.kind == Kind::symbol && token.text == "infty";
    return infinity ? named(Op::constant, "infinity") : named(Op::symbol, *name);
  }
  if (token.kind != Kind::command) return std::nullopt;
  ++at_;
  if (token.text == "frac") return fraction();
  if (token.text == "binom") return binomial();
  if (token.text == "mathit") return italic();
  if (token.text == "lfloor") return rounded("floor", "rfloor");
  if (token.text == "lceil") return rounded("ceil", "rceil");
  return std::nullopt;
}

std::optional<std::string> SympyReader::symbol_name() {
  if (peek().kind != Kind::letter && peek().kind != Kind::symbol) return std::nullopt;
  std::string name = peek().text;
  ++at_;
  std::string primes;
  std::string subscript;
  for (int i = 0; i < 2; ++i) {
    if (primes.empty() && peek().kind == Kind::quotes) {
      primes = peek().text;
      ++at_;
    }
    if (!subscript.empty() || !take("_")) continue;
    const std::size_t begin = at_;
    if (!attempt([this] { return braced_or_atom(); })) return std::nullopt;
    for (std::size_t t = begin; t < at_; ++t) {
      const bool brace = tokens_[t].text == "{" || tokens_[t].text == "}";
      if (!brace) subscript += tokens_[t].text;
    }
    subscript.insert(0, "_{").append("}");
  }
  return name + subscript + primes;
}

Read SympyReader::number() {
  std::string digits;
  int decimals = -1;
  const auto take_digits = [this, &digits] {
    std::size_t n = 0;
    for (; peek().kind == Kind::digit; ++at_, ++n) digits += peek().text;
    return n;
  };
  take_digits();
  while (is_op(",") && peek(1).kind == Kind::digit && peek(2).kind == Kind::digit &&
         peek(3).kind == Kind::digit) {
    for (std::size_t i = 1; i <= 3; ++i) digits += peek(i).text;
    at_ += 4;
  }
  if (take(".")) {
    decimals = static_cast<int>(take_digits());
    if (decimals == 0) return std::nullopt;
  }
  // sympy takes 01 for Python's, which knows no such number, and raises an exception.
  const bool leading_zero = digits.size() > 1 && digits[0] == '0' && decimals < 0;
  if (leading_zero && digits.find_first_not_of('0') != std::string::npos) raised_ = true;
  MathExpr expr = integer(0);
  mpz_class scale = 1;
  if (decimals > 0) {
    mpz_ui_pow_ui(scale.get_mpz_t(), 10, static_cast<unsigned long>(decimals));
  }
  expr.value = mpq_class(mpz_class(digits, 10), scale);
  expr.value.canonicalize();
  expr.decimals = decimals;
  return expr;
}

Read SympyReader::fraction() {
  const std::size_t top_begin = at_;
  Read top = fraction_part();
  const std::size_t bottom_begin = at_;
  if (!top) return std::nullopt;
  Read bottom = fraction_part();
  if (!bottom) return std::nullopt;
  // \frac{dy}{dx} and \frac{d}{dx}: a single differential below.
  const bool by_variable =
      at_ == bottom_begin + 3 && tokens_[bottom_begin + 1].kind == Kind::differential;
  if (by_variable) {
    const std::string variable = tokens_[bottom_begin + 1].text.substr(1);
    const SympyToken& first = tokens_[top_begin + 1];
    const bool single = bottom_begin == top_begin + 3;
    if (single && first.text == "d") return named(Op::hole, variable);
    if (single && first.kind == Kind::differential) {
      return derivative(named(Op::symbol, first.text.substr(1)), variable);
    }
  }
  return node(Op::divide, {std::move(*top), std::move(*bottom)});
}

Read SympyReader::fraction_part() {
  if (peek().kind == Kind::digit) {
    const long digit = peek().text[0] - '0';
    ++at_;
    return integer(digit);
  }
  if (!take("{")) return std::nullopt;
  return closed(sum(), "}");
}

Read SympyReader::binomial() {
  Read n = take("{") ? closed(sum(), "}") : Read();
  Read k = n && take("{") ? closed(sum(), "}") : Read();
  if (!k) return std::nullopt;
  return named(Op::function, "binomial", {std::move(*n), std::move(*k)});
}

Read SympyReader::italic() {
  std::string name;
  if (!take("{")) return std::nullopt;
  for (; peek().kind == Kind::letter; ++at_) name += peek().text;
  if (!take("}")) return std::nullopt;
  return named(Op::symbol, name);
}

Read SympyReader::rounded(const char* name, std::string_view close) {
  Read read = sum();
  if (!read || peek().kind != Kind::command || peek().text != close) return std::nullopt;
  ++at_;
  return named(Op::function, name, {std::move(*read)});
}

}  // namespace assay::evals::compat
