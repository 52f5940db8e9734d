// Numbers, letters, commands and functions.
#include "evals/common/answer_words.h"
#include "evals/common/expr_reader.h"

namespace assay::evals {
using Op = MathExpr::Op;
using TokenKind = AnswerToken::Kind;

bool ExprReader::starts_word_factor(const AnswerToken& token) const {
  if (const std::string_view name = function_named(token.text); !name.empty()) {
    return !token.in_text || sees("(", 1) || sees("^", 1) || name == "cis";
  }
  if (token.in_text) return token.text == "e" || token.text == "i";
  if (!constant_named(token.text).empty() || !greek_named(token.text).empty()) return true;
  if (is_text_word(at_)) return false;
  // 5cm, 20 km: a unit behind a number; kg alone would be k times g.
  const bool behind_number = at_ > 0 && (tokens_[at_ - 1].kind == TokenKind::number ||
                                         tokens_[at_ - 1].kind == TokenKind::close);
  return token.text.size() == 1 || !behind_number || unit_named(token.text).empty();
}

bool ExprReader::is_text_word(std::size_t place) const {
  const AnswerToken& token = tokens_[place];
  if (!is_plain_word(token.text)) return false;
  const bool glued = place > 0 && !token.blank_before && tokens_[place - 1].kind != TokenKind::word;
  return token.text.size() > 3 || !glued;
}

bool ExprReader::is_operand_command(const std::string& text) {
  if (is_one_of(text, {"\\frac",     "\\sqrt",  "\\binom",    "\\infty",
                       "\\lfloor",   "\\lceil", "\\overline", "\\overrightarrow",
                       "\\vec",      "\\hat",   "\\bar",      "\\tilde",
                       "\\dot",      "\\ddot",  "\\mathbb",   "\\angle",
                       "\\triangle", "\\ell",   "\\hbar",     "\\partial",
                       "\\nabla",    "\\dots",  "\\int",      "\\sum",
                       "\\prod",     "\\lim",   "\\aleph",    "\\emptyset",
                       "\\odot",     "\\star",  "\\square"})) {
    return true;
  }
  return text.size() > 1 && (!function_named(text).empty() || !constant_named(text).empty() ||
                             !greek_named(std::string_view(text).substr(1)).empty());
}

std::string ExprReader::subscript() {
  std::string name = "_{";
  if (sees(TokenKind::open)) {
    int depth = 0;
    do {
      if (sees(TokenKind::open)) ++depth;
      if (sees(TokenKind::close)) --depth;
      const bool brace = peek()->kind == TokenKind::open || peek()->kind == TokenKind::close ||
                         peek()->kind == TokenKind::group_open ||
                         peek()->kind == TokenKind::group_close;
      if (!brace) name += peek()->text;
      ++at_;
    } while (depth > 0 && peek() != nullptr);
  } else if (peek() != nullptr) {
    name += peek()->text;
    ++at_;
  }
  return name + "}";
}

MaybeExpr ExprReader::number() {
  const std::string text = peek()->text;
  ++at_;
  if (take("_")) return in_base(text);
  MaybeExpr literal = read_literal(text);
  if (!literal) {
    over_budget_ = true;
    return std::nullopt;
  }
  if (sees("\\overline") || sees("\\bar") || sees("\\dot")) return repeating(text);
  return is_integer_literal(*literal) ? mixed(std::move(*literal)) : std::move(literal);
}

MaybeExpr ExprReader::in_base(const std::string& digits) {
  const std::string base = subscript();
  const std::string_view name = std::string_view(base).substr(2, base.size() - 3);
  std::optional<int> value = numeral_named(lower_case(name));
  if (!value && name.size() < 3 && !name.empty() &&
      name.find_first_not_of("0123456789") == std::string_view::npos) {
    value = std::stoi(std::string(name));
  }
  if (!value || digits.size() > max_literal_digits) return std::nullopt;
  const std::optional<mpz_class> number = read_digits(digits, *value);
  if (!number) return std::nullopt;
  return make_number(*number);
}

MaybeExpr ExprReader::repeating(const std::string& text) {
  const std::size_t point = text.find('.');
  if (point == std::string::npos || !sees(TokenKind::open, 1) || !sees(TokenKind::number, 2) ||
      !sees(TokenKind::close, 3) || peek(2)->text.find_first_of(".e") != std::string::npos) {
    return read_literal(text);
  }
  const std::string period = peek(2)->text;
  const std::size_t fixed = text.size() - point - 1;
  if (text.size() + period.size() > max_literal_digits) return std::nullopt;
  at_ += 4;
  mpz_class scale;
  mpz_ui_pow_ui(scale.get_mpz_t(), 10, fixed);
  mpz_class nines;
  mpz_ui_pow_ui(nines.get_mpz_t(), 10, period.size());
  std::string digits = text;
  digits.erase(point, 1);
  mpq_class value(mpz_class(digits.empty() ? "0" : digits, 10), scale);
  value.canonicalize();
  mpq_class tail(mpz_class(period, 10), (nines - 1) * scale);
  tail.canonicalize();
  return make_number(value + tail);
}

MaybeExpr ExprReader::mixed(MathExpr whole) {
  const auto digits_at = [&](std::size_t ahead) -> std::optional<mpz_class> {
    if (!sees(TokenKind::number, ahead)) return std::nullopt;
    const std::optional<MathExpr> literal = read_literal(peek(ahead)->text);
    if (!literal || !is_integer_literal(*literal)) return std::nullopt;
    return literal->value.get_num();
  };
  std::optional<mpz_class> numerator;
  std::optional<mpz_class> denominator;
  std::size_t length = 0;
  if (sees("\\frac") && sees(TokenKind::open, 1) && sees(TokenKind::close, 3) &&
      sees(TokenKind::open, 4) && sees(TokenKind::close, 6)) {
    numerator = digits_at(2);
    denominator = digits_at(5);
    length = 7;
  } else if (sees(TokenKind::number) && peek()->blank_before && sees("/", 1)) {
    numerator = digits_at(0);
    denominator = digits_at(2);
    length = 3;
  }
  if (!numerator || !denominator || *numerator <= 0 || *numerator >= *denominator) return whole;
  at_ += length;
  mpq_class part(*numerator, *denominator);
  part.canonicalize();
  return make_number(whole.value + part);
}

MaybeExpr ExprReader::word() {
  const AnswerToken token = *peek();
  if (is_one_of(token.text, {"np", "math", "sp", "sympy", "numpy"}) && sees(".", 1)) {
    at_ += 2;  // np.arcsin
    return peek() != nullptr ? primary() : std::nullopt;
  }
  if (const std::string_view name = function_named(token.text); !name.empty()) {
    const bool called = sees("(", 1) || !token.in_text || sees("^", 1) || sees("_", 1) ||
                        sees(TokenKind::number, 1) || name == "cis";
    if (called) {
      ++at_;
      return function(std::string(name));
    }
  }
  if (const std::string_view name = constant_named(token.text); !name.empty()) {
    ++at_;
    return make_constant(std::string(name));
  }
  if (const std::string_view name = greek_named(token.text); !name.empty()) {
    ++at_;
    return symbol(std::string(name));
  }
  if (token.in_text && token.text.size() > 1) return std::nullopt;
  if (token.text.size() == 1) {
    ++at_;
    return letter(token.text);
  }
  if (is_text_word(at_)) return std::nullopt;
  return letters(token.text);
}

MaybeExpr ExprReader::letters(const std::string& run) {
  for (const std::string_view prefix : {"sin", "cos", "tan", "ln", "log", "exp"}) {
    if (run.size() != prefix.size() + 1 || !run.starts_with(prefix)) continue;
    ++at_;
    return named(std::string(function_named(prefix)).c_str(), letter(run.substr(prefix.size())));
  }
  const bool segment = std::all_of(run.begin(), run.end(), [](char c) { return c <= 'Z'; });
  ++at_;
  if (segment && run.size() > 3) return make_symbol(run);  // ABCD names a figure
  MaybeExpr product;
  for (std::size_t i = 0; i < run.size(); ++i) {
    MaybeExpr next = i + 1 < run.size() ? plain_letter(run.substr(i, 1)) : letter(run.substr(i));
    // rs^2 is r times s^2.
    if (i + 1 == run.size() && sees("^") && next) {
      ++at_;
      next = raised(std::move(next));
    }
    product =
        product ? combined(Op::multiply, std::move(product), std::move(next)) : std::move(next);
  }
  return product;
}

MaybeExpr ExprReader::letter(const std::string& name) {
  if (sees("_") || sees("'")) return symbol(name);
  if (sees("(") && is_application(name)) return application(name);
  if (sees("^") && is_one_of(name, {"f", "g", "h"}) && sees("-", 2) && sees("1", 3) &&
      sees("(", 5)) {
    at_ += 5;  // f^{-1}(x)
    return application(name + "^{-1}");
  }
  return plain_letter(name);
}

bool ExprReader::is_application(const std::string& name) const {
  if (is_one_of(name, {"f", "g", "h", "F", "G"})) return true;
  int depth = 0;
  for (std::size_t i = at_; i < tokens_.size(); ++i) {
    const std::string& text = tokens_[i].text;
    if (text == "(" || text == "[") ++depth;
    if ((text == ")" || text == "]") && --depth == 0) return false;
    if (text == "," && depth == 1) return true;
  }
  return false;
}

MaybeExpr ExprReader::application(const std::string& name) {
  std::optional<std::vector<MathExpr>> args = arguments();
  if (!args) return std::nullopt;
  if ((name == "C" || name == "nCr") && args->size() == 2) {
    return make_function("binomial", std::move(*args));
  }
  MathExpr expr = make_expr(Op::apply, std::move(*args));
  expr.name = name;
  return expr;
}

MaybeExpr ExprReader::symbol(std::string name) {
  while (true) {
    if (take("_")) {
      name += subscript();
    } else if (take("'")) {
      name += '\'';
    } else {
      break;
    }
  }
  const bool primed = name.ends_with('\'');
  if (sees("(") &&
      (primed || is_one_of(name.substr(0, 1), {"f", "g", "h"}) || is_application(name))) {
    return application(name);
  }
  return make_symbol(std::move(name));
}

MaybeExpr ExprReader::command() {
  const std::string text = peek()->text;
  if (text == "\\pm" || text == "\\mp") return signed_product();
  if (!is_operand_command(text)) return std::nullopt;
  ++at_;
  if (text == "\\frac") {
    MaybeExpr numerator = braced();
    MaybeExpr denominator = braced();
    return combined(Op::divide, std::move(numerator), std::move(denominator));
  }
  if (text == "\\binom") return binomial();
  if (text == "\\lfloor" || text == "\\lceil") return rounded(text);
  if (const std::string_view name = function_named(text); !name.empty()) {
    return function(std::string(name));
  }
  if (const std::string_view name = constant_named(text); !name.empty()) {
    return make_constant(std::string(name));
  }
  if (is_one_of(text, {"\\int", "\\sum", "\\prod", "\\lim"})) incomplete_ = true;
  if (is_one_of(text, {"\\angle", "\\triangle"}) && sees(TokenKind::word)) {
    ++at_;
    return make_symbol(text + " " + tokens_[at_ - 1].text);
  }
  if (sees(TokenKind::open) && !is_one_of(text, {"\\angle", "\\triangle"})) {
    std::string name = subscript();  // the argument of \vec, \overline, \mathbb, as a name
    return symbol(text + name.substr(1));
  }
  return symbol(text);
}

MaybeExpr ExprReader::binomial() {
  MaybeExpr top = braced();
  MaybeExpr bottom = braced();
  MaybeExpr both = combined(Op::divide, std::move(top), std::move(bottom));
  if (!both) return std::nullopt;
  return make_function("binomial", std::move(both->args));
}

MaybeExpr ExprReader::rounded(const std::string& opening) {
  const int bars = std::exchange(bars_, 0);
  MaybeExpr inner = sees("/") || sees("*") ? hole() : sum();
  if (inner && inner->op == Op::hole) inner = product_behind(std::move(inner));
  bars_ = bars;
  const bool floor = opening == "\\lfloor";
  if (!take(floor ? "\\rfloor" : "\\rceil")) return std::nullopt;
  return named(floor ? "floor" : "ceil", std::move(inner));
}

MaybeExpr ExprReader::product_behind(MaybeExpr left) {
  while (left && (sees("/") || sees("*"))) {
    const Op op = sees("/") ? Op::divide : Op::multiply;
    ++at_;
    left = combined(op, std::move(left), signed_factor());
  }
  return left;
}

MaybeExpr ExprReader::function(const std::string& name) {
  const Level level(*this);
  if (over_budget_) return std::nullopt;
  if (name == "sqrt" || name == "cbrt" || name == "root") return root(name);
  MaybeExpr base;
  MaybeExpr power;
  while (sees("_") || sees("^")) {
    const bool is_base = take("_");
    if (!is_base) ++at_;
    (is_base ? base : power) = exponent_value();
    if (!(is_base ? base : power)) return std::nullopt;
  }
  std::optional<std::vector<MathExpr>> args = function_arguments(name);
  if (!args || args->empty()) return std::nullopt;
  MaybeExpr value = applied(name, std::move(*args), std::move(base), power);
  if (!value || !power) return value;
  return combined(Op::power, std::move(value), std::move(power));
}

MaybeExpr ExprReader::applied(std::string name, std::vector<MathExpr> args, MaybeExpr base,
                              MaybeExpr& power) {
  if (power && power->op == Op::negate && power->args[0].op == Op::number &&
      power->args[0].value == 1 && is_known_function("arc" + name)) {
    name = "arc" + name;
    power.reset();
  }
  if (name == "exp") {
    std::vector<MathExpr> both;
    both.push_back(make_constant("e"));
    both.push_back(std::move(args[0]));
    return make_expr(Op::power, std::move(both));
  }
  if (name == "cis") {  // cos + i sin
    MathExpr sine = make_function("sin", args);
    MathExpr turned = make_expr(Op::multiply, {make_constant("i"), std::move(sine)});
    return make_expr(Op::add, {make_function("cos", std::move(args)), std::move(turned)});
  }
  if (name == "factorial") return make_expr(Op::factorial, std::move(args));
  if (name == "divide") {
    if (args.size() == 1) return std::move(args[0]);
    return make_expr(Op::divide, std::move(args));
  }
  if (name == "lg") {
    name = "log";
    base = make_number(10);
  }
  if (base) args.push_back(std::move(*base));
  return make_function(std::move(name), std::move(args));
}

std::optional<std::vector<MathExpr>> ExprReader::function_arguments(const std::string& name) {
  const bool of_set = is_one_of(name, {"max", "min", "gcd", "lcm"}) && sees("\\{");
  if (sees("(") || sees("[") || of_set) return arguments();
  std::vector<MathExpr> args;
  MaybeExpr argument;
  if (sees(TokenKind::open) || sees(TokenKind::group_open)) {
    const TokenKind closing = sees(TokenKind::open) ? TokenKind::close : TokenKind::group_close;
    ++at_;
    argument = enclosed(closing);
    // \sin{x}(…) would be a product; \log{2}3 too.
  } else {
    argument = bare_argument(name);
  }
  if (!argument) return std::nullopt;
  args.push_back(std::move(*argument));
  return args;
}

std::optional<std::vector<MathExpr>> ExprReader::arguments() {
  ++at_;
  const int bars = std::exchange(bars_, 0);
  std::vector<MathExpr> args;
  do {
    MaybeExpr argument = sum();
    if (!argument) return std::nullopt;
    args.push_back(std::move(*argument));
  } while (take(","));
  bars_ = bars;
  if (!take(")") && !take("]") && !take("\\}")) return std::nullopt;
  return args;
}

MaybeExpr ExprReader::bare_argument(const std::string& name) {
  const bool negative = take("-");
  MaybeExpr argument = factor();
  bool has_pi = argument && has_constant_pi(*argument);
  while (argument && starts_factor() && !starts_function()) {
    if ((sees("(") || sees("[")) && argument->op != Op::number) break;
    MaybeExpr next = factor();
    has_pi = has_pi || (next && has_constant_pi(*next));
    argument = combined(Op::multiply, std::move(argument), std::move(next));
  }
  // \cos 2\pi/3 is the cosine of a third of a turn; \ln 2/3 stays a third of a logarithm.
  if (argument && has_pi && name != "ln" && name != "log" && sees("/") &&
      sees(TokenKind::number, 1)) {
    ++at_;
    argument = combined(Op::divide, std::move(argument), factor());
  }
  return negative ? unary(Op::negate, std::move(argument)) : std::move(argument);
}

bool ExprReader::starts_function() const {
  const AnswerToken* token = peek();
  if (token->kind != TokenKind::word && token->kind != TokenKind::command) return false;
  const std::string_view name = function_named(token->text);
  return !name.empty() && name != "sqrt";
}

MaybeExpr ExprReader::root(const std::string& name) {
  MaybeExpr index = make_number(name == "cbrt" ? 3 : 2);
  if (sees("[")) {
    ++at_;
    index = sum();
    if (!index || !take("]")) return std::nullopt;
  }
  MaybeExpr radicand;
  if (sees("(")) {
    std::optional<std::vector<MathExpr>> args = arguments();
    if (!args) return std::nullopt;
    if (args->size() > 1) index = std::move((*args)[1]);
    radicand = std::move((*args)[0]);
  } else {
    if (peek() == nullptr) return std::nullopt;
    radicand = braced();
  }
  return combined(Op::root, std::move(radicand), std::move(index));
}

}  // namespace assay::evals
