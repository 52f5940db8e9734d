#include "evals/common/compat/sympy_latex.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "evals/common/compat/sympy_lexer.h"

namespace assay::evals::compat {
namespace {

using Kind = SympyToken::Kind;
using Op = MathExpr::Op;
using Read = std::optional<MathExpr>;

/// The reading goes back wherever a continuation fails; hostile nesting would make that
/// exponential.
constexpr int kMaxSteps = 50'000;
constexpr int kMaxDepth = 200;
constexpr std::size_t kMaxTokens = 1024;

MathExpr node(Op op, std::vector<MathExpr> args) {
  MathExpr expr;
  expr.op = op;
  expr.args = std::move(args);
  return expr;
}

MathExpr named(Op op, std::string name, std::vector<MathExpr> args = {}) {
  MathExpr expr = node(op, std::move(args));
  expr.name = std::move(name);
  return expr;
}

MathExpr integer(long value) {
  MathExpr expr;
  expr.op = Op::number;
  expr.value = value;
  return expr;
}

bool has_symbols(const MathExpr& expr) {
  if (expr.op == Op::symbol) return true;
  return std::any_of(expr.args.begin(), expr.args.end(), has_symbols);
}

bool depends_on(const MathExpr& expr, const std::string& symbol) {
  if (expr.op == Op::symbol) return expr.name == symbol;
  return std::any_of(expr.args.begin(), expr.args.end(),
                     [&symbol](const MathExpr& arg) { return depends_on(arg, symbol); });
}

/// Functions of one argument and the names by which sympy calls them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kFunctions = {{
    {"exp", "exp"},      {"sin", "sin"},      {"cos", "cos"},      {"tan", "tan"},
    {"csc", "csc"},      {"sec", "sec"},      {"cot", "cot"},      {"arcsin", "asin"},
    {"arccos", "acos"},  {"arctan", "atan"},  {"arccsc", "acsc"},  {"arcsec", "asec"},
    {"arccot", "acot"},  {"sinh", "sinh"},    {"cosh", "cosh"},    {"tanh", "tanh"},
    {"arsinh", "asinh"}, {"arcosh", "acosh"}, {"artanh", "atanh"},
}};

/// A recursive reader that goes back: at every loop of the grammar (sums, products, factors,
/// powers) a continuation that cannot be read ends the loop instead of failing.
class Reader {
 public:
  explicit Reader(std::vector<SympyToken> tokens) : tokens_(std::move(tokens)) {}

  SympyRead run() {
    SympyRead read;
    Read left = sum();
    if (left) {
      read.status = SympyRead::Status::expression;
      read.left = std::move(*left);
      if (is_relation()) read_relation(read);
    }
    if (over_budget_) read.status = SympyRead::Status::budget;
    // sympy's lexer had raised an exception before its parser could stop.
    const bool saw_error = tokens_[std::min(furthest_, tokens_.size() - 1)].kind == Kind::error;
    if (saw_error || raised_) read.status = SympyRead::Status::text;
    return read;
  }

 private:
  void read_relation(SympyRead& read) {
    read.relation = peek().text;
    ++at_;
    Read right = sum();
    if (right && !is_relation()) {
      read.status = SympyRead::Status::relation;
      read.right = std::move(*right);
    } else {
      read.status = SympyRead::Status::text;  // also a chain, which sympy will not nest
    }
  }

  const SympyToken& peek(std::size_t ahead = 0) {
    const std::size_t i = std::min(at_ + ahead, tokens_.size() - 1);
    furthest_ = std::max(furthest_, i);
    return tokens_[i];
  }
  bool is_op(std::string_view text, std::size_t ahead = 0) {
    const SympyToken& token = peek(ahead);
    return token.kind == Kind::op && token.text == text;
  }
  bool is_relation() {
    return is_op("=") || is_op("<") || is_op("<=") || is_op(">") || is_op(">=") || is_op("!=");
  }
  bool take(std::string_view op) {
    if (!is_op(op)) return false;
    ++at_;
    return true;
  }

  /// Counts a step down; false when the budget or the depth is used up.
  bool enter() {
    over_budget_ = over_budget_ || ++steps_ > kMaxSteps || depth_ >= kMaxDepth;
    return !over_budget_;
  }

  /// Reads with `f`, or stands where it stood.
  template <typename F>
  Read attempt(F f) {
    const std::size_t begin = at_;
    ++depth_;
    Read read = enter() ? f() : Read();
    --depth_;
    if (!read) at_ = begin;
    return read;
  }

  Read sum() {
    Read left = attempt([this] { return product(false); });
    while (left && (is_op("+") || is_op("-"))) {
      const bool minus = is_op("-");
      const std::size_t begin = at_++;
      Read right = attempt([this] { return product(false); });
      if (!right) {
        at_ = begin;
        break;
      }
      if (minus) right = node(Op::negate, {std::move(*right)});
      left = node(Op::add, {std::move(*left), std::move(*right)});
    }
    return left;
  }

  /// `no_calls`: the argument of a function without parentheses, which ends before a function.
  Read product(bool no_calls) {
    Read left = signed_factors(no_calls);
    while (left && (is_op("*") || is_op("/"))) {
      const Op op = is_op("*") ? Op::multiply : Op::divide;
      const std::size_t begin = at_++;
      Read right = attempt([this, no_calls] { return signed_factors(no_calls); });
      if (!right) {
        at_ = begin;
        break;
      }
      left = node(op, {std::move(*left), std::move(*right)});
    }
    return left;
  }

  Read signed_factors(bool no_calls) {
    bool negative = false;
    while (is_op("+") || is_op("-")) {
      negative = negative != is_op("-");
      ++at_;
    }
    std::vector<MathExpr> factors;
    for (;;) {
      const bool calls = !no_calls || factors.empty();
      Read factor = attempt([this, calls] { return postfixed(calls); });
      if (!factor) break;
      factors.push_back(std::move(*factor));
    }
    if (factors.empty()) return std::nullopt;
    Read joined = joined_factors(std::move(factors));
    if (joined && negative) return node(Op::negate, {std::move(*joined)});
    return joined;
  }

  /// 2x3 is 2 times 3; d/dx takes what follows.
  static Read joined_factors(std::vector<MathExpr> factors) {
    MathExpr joined = std::move(factors.back());
    if (is_derivative(joined)) return std::nullopt;
    for (std::size_t i = factors.size() - 1; i-- > 0;) {
      MathExpr& factor = factors[i];
      if (is_derivative(factor)) {
        joined = derivative(std::move(joined), factor.name);
        continue;
      }
      // factors.back() was moved from, but the last of the product still is `joined`.
      const MathExpr& right = i + 2 == factors.size() ? joined : factors[i + 1];
      const bool times = i > 0 && factor.op == Op::symbol && factor.name == "x" &&
                         !has_symbols(factors[i - 1]) && !has_symbols(right);
      if (!times) joined = node(Op::multiply, {factor, std::move(joined)});
    }
    return joined;
  }

  /// The operator d/dx itself, before its operand is known.
  static bool is_derivative(const MathExpr& expr) { return expr.op == Op::hole; }

  static MathExpr derivative(MathExpr expr, const std::string& variable) {
    if (!depends_on(expr, variable)) return integer(0);
    return named(Op::apply, "derivative by " + variable, {std::move(expr)});
  }

  Read postfixed(bool calls) {
    Read read = powered(calls);
    while (read && take("!")) read = named(Op::function, "factorial", {std::move(*read)});
    return read;
  }

  Read powered(bool calls) {
    Read base = component(calls);
    while (base && is_op("^")) {
      const std::size_t begin = at_++;
      Read exponent = attempt([this] { return braced_or_atom(); });
      if (!exponent || is_derivative(*base)) {
        at_ = begin;
        break;
      }
      base = node(Op::power, {std::move(*base), std::move(*exponent)});
    }
    return base;
  }

  Read braced_or_atom() {
    if (!take("{")) return atom();
    Read read = sum();
    if (!read || !take("}")) return std::nullopt;
    return read;
  }

  Read component(bool calls) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> groups = {
        {{"(", ")"}, {"[", "]"}, {"{", "}"}, {"\\{", "\\}"}}};
    for (const auto& [open, close] : groups) {
      if (take(open)) return closed(sum(), close);
    }
    if (take("|")) {
      Read read = closed(sum(), "|");
      if (!read) return std::nullopt;
      return named(Op::function, "abs", {std::move(*read)});
    }
    if (calls) {
      Read read = attempt([this] { return call(); });
      if (read || over_budget_) return read;
    }
    return atom();
  }

  Read closed(Read read, std::string_view close) {
    if (!read || !take(close)) return std::nullopt;
    return read;
  }

  Read call() {
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

  /// f(x), and so also x(x + 1).
  Read named_call() {
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

  Read root() {
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

  Read known_function(const std::string& name) {
    const bool is_log = name == "log" || name == "ln" || name == "lg";
    const auto* entry = std::find_if(kFunctions.begin(), kFunctions.end(),
                                     [&name](const auto& f) { return f.first == name; });
    if (!is_log && entry == kFunctions.end()) return std::nullopt;
    Read below;
    Read above;
    for (int i = 0; i < 2; ++i) {
      if (!below && take("_") && !(below = braced_or_atom())) return std::nullopt;
      if (!above && take("^") && !(above = braced_or_atom())) return std::nullopt;
    }
    Read argument = attempt([this] { return parenthesised_argument(); });
    if (!argument) argument = attempt([this] { return product(true); });
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

  static bool is_minus_one(const MathExpr& expr) {
    return expr.op == Op::negate && expr.args[0].op == Op::number && expr.args[0].value == 1;
  }

  static Read raised(MathExpr base, Read& exponent) {
    if (!exponent) return base;
    return node(Op::power, {std::move(base), std::move(*exponent)});
  }

  /// Of several arguments only the first counts.
  Read parenthesised_argument() {
    if (!take("(")) return std::nullopt;
    Read first = sum();
    while (first && take(",")) {
      if (!sum()) return std::nullopt;
    }
    return closed(std::move(first), ")");
  }

  /// \sum_{i=1}^{n}: stays as it is.
  Read big_operator(const std::string& name) {
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

  Read integral() {
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

  Read limit() {
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

  Read atom() {
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

  /// A letter or name with its subscript and primes; a '_' must have a subscript.
  std::optional<std::string> symbol_name() {
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

  Read number() {
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

  Read fraction() {
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

  Read fraction_part() {
    if (peek().kind == Kind::digit) {
      const long digit = peek().text[0] - '0';
      ++at_;
      return integer(digit);
    }
    if (!take("{")) return std::nullopt;
    return closed(sum(), "}");
  }

  Read binomial() {
    Read n = take("{") ? closed(sum(), "}") : Read();
    Read k = n && take("{") ? closed(sum(), "}") : Read();
    if (!k) return std::nullopt;
    return named(Op::function, "binomial", {std::move(*n), std::move(*k)});
  }

  Read italic() {
    std::string name;
    if (!take("{")) return std::nullopt;
    for (; peek().kind == Kind::letter; ++at_) name += peek().text;
    if (!take("}")) return std::nullopt;
    return named(Op::symbol, name);
  }

  Read rounded(const char* name, std::string_view close) {
    Read read = sum();
    if (!read || peek().kind != Kind::command || peek().text != close) return std::nullopt;
    ++at_;
    return named(Op::function, name, {std::move(*read)});
  }

  std::vector<SympyToken> tokens_;
  std::size_t at_ = 0;
  std::size_t furthest_ = 0;
  int steps_ = 0;
  int depth_ = 0;
  bool over_budget_ = false;
  bool raised_ = false;
};

}  // namespace

SympyRead read_sympy_latex(std::string_view text) {
  SympyRead read;
  std::vector<SympyToken> tokens = sympy_tokens(text);
  if (tokens.size() > kMaxTokens) {
    read.status = SympyRead::Status::budget;
    return read;
  }
  return Reader(std::move(tokens)).run();
}

}  // namespace assay::evals::compat
