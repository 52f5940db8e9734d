#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "evals/common/compat/python_text.h"
#include "evals/common/compat/sympy_latex.h"

namespace assay::evals::compat {
namespace {

using Op = MathExpr::Op;
using Read = std::optional<MathExpr>;

constexpr int kMaxPlainDepth = 100;
constexpr std::size_t kMaxBytes = 1024;

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

constexpr std::array<std::string_view, 27> kPlainFunctions = {
    "sqrt", "exp",   "log",   "ln",    "sin",  "cos",  "tan",   "csc",     "sec",
    "cot",  "asin",  "acos",  "atan",  "acsc", "asec", "acot",  "sinh",    "cosh",
    "tanh", "asinh", "acosh", "atanh", "Abs",  "abs",  "floor", "ceiling", "factorial"};

constexpr std::array<std::string_view, 24> kGreek = {
    "alpha", "beta",  "gamma",   "delta", "epsilon", "zeta", "eta",     "theta",
    "iota",  "kappa", "lambda",  "mu",    "nu",      "xi",   "omicron", "rho",
    "sigma", "tau",   "upsilon", "phi",   "chi",     "psi",  "omega",   "varphi"};

/// Reads a whole text or nothing. Every function leaves `at_` behind what it read.
class PlainReader {
 public:
  PlainReader(std::string_view text, const PlainOptions& options)
      : text_(text), options_(options) {}

  Read run() {
    Read read = sum();
    skip_blanks();
    if (at_ != text_.size()) return std::nullopt;
    return read;
  }
  bool over_budget() const { return over_budget_; }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  bool take_power() {
    if (peek() == '*' && text_.substr(at_, 2) == "**") {
      at_ += 2;
      return true;
    }
    return options_.caret_is_power && take('^');
  }

  Read sum() {
    if (++depth_ > kMaxPlainDepth) over_budget_ = true;
    Read left = over_budget_ ? Read() : product();
    while (left && (peek() == '+' || peek() == '-')) {
      const bool minus = text_[at_++] == '-';
      Read right = product();
      if (!right) return std::nullopt;
      if (minus) right = node(Op::negate, {std::move(*right)});
      left = node(Op::add, {std::move(*left), std::move(*right)});
    }
    --depth_;
    return left;
  }

  Read product() {
    Read left = signed_power();
    while (left) {
      Op op = Op::multiply;
      if (take('/')) {
        op = Op::divide;
      } else if (!take('*') && !factor_follows()) {
        break;
      }
      Read right = signed_power();
      if (!right) return std::nullopt;
      left = node(op, {std::move(*left), std::move(*right)});
    }
    return left;
  }

  bool factor_follows() {
    if (!options_.implicit_products) return false;
    const char c = peek();
    return at_ < text_.size() && (c == '(' || is_digit(c) || is_word_char(text_, at_));
  }

  Read signed_power() {
    bool negative = false;
    while (peek() == '+' || peek() == '-') negative = negative != (text_[at_++] == '-');
    Read base = primary();
    if (base && take_power()) {
      if (++depth_ > kMaxPlainDepth) over_budget_ = true;
      Read exponent = over_budget_ ? Read() : signed_power();
      --depth_;
      if (!exponent) return std::nullopt;
      base = node(Op::power, {std::move(*base), std::move(*exponent)});
    }
    if (base && negative) return node(Op::negate, {std::move(*base)});
    return base;
  }

  Read primary() {
    const char c = peek();
    Read read;
    if (take('(')) {
      read = sum();
      if (!read || !take(')')) return std::nullopt;
    } else if (is_digit(c) || c == '.') {
      read = number();
    } else if (at_ < text_.size() && is_word_char(text_, at_)) {
      read = name();
    }
    while (read && peek() == '!') {
      ++at_;
      read = named(Op::function, "factorial", {std::move(*read)});
    }
    return read;
  }

  /// Python's digits may be grouped: 204_5 is 2045.
  bool continues_number() const {
    if (is_digit(text_[at_]) || text_[at_] == '.') return true;
    return text_[at_] == '_' && at_ > 0 && is_digit(text_[at_ - 1]) && at_ + 1 < text_.size() &&
           is_digit(text_[at_ + 1]);
  }

  Read number() {
    std::string digits;
    int decimals = -1;
    for (; at_ < text_.size() && continues_number(); ++at_) {
      if (text_[at_] == '_') continue;
      if (text_[at_] == '.') {
        if (decimals >= 0) return std::nullopt;
        decimals = 0;
      } else {
        digits += text_[at_];
        decimals += decimals >= 0 ? 1 : 0;
      }
    }
    if (digits.empty()) return std::nullopt;
    // Python has no integers like 007.
    if (decimals < 0 && digits.size() > 1 && digits[0] == '0' && !options_.implicit_products) {
      return std::nullopt;
    }
    MathExpr expr = node(Op::number, {});
    mpz_class scale = 1;
    if (decimals > 0) mpz_ui_pow_ui(scale.get_mpz_t(), 10, static_cast<unsigned long>(decimals));
    expr.value = mpq_class(mpz_class(digits, 10), scale);
    expr.value.canonicalize();
    expr.decimals = decimals;
    take_exponent(expr);
    return expr;
  }

  /// 1.25e-1, glued as Python wants it.
  void take_exponent(MathExpr& number) {
    constexpr std::size_t most_digits = 4;
    if (at_ >= text_.size() || (text_[at_] != 'e' && text_[at_] != 'E')) return;
    std::size_t end = at_ + 1;
    const bool negative = end < text_.size() && text_[end] == '-';
    if (negative || (end < text_.size() && text_[end] == '+')) ++end;
    const std::size_t first = end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    if (end == first || end - first > most_digits) return;
    mpz_class scale;
    mpz_ui_pow_ui(scale.get_mpz_t(), 10, std::stoul(std::string(text_.substr(first, end - first))));
    number.value = negative ? mpq_class(number.value / scale) : mpq_class(number.value * scale);
    number.decimals = std::max(number.decimals, 0);
    at_ = end;
  }

  Read name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word_char(text_, at_)) at_ += char_bytes(text_, at_);
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (is_in(word, kPlainFunctions)) return function(word);
    if (word == "pi") return named(Op::constant, "pi");
    if (word == "E") return named(Op::constant, "e");
    if (word == "I") return named(Op::constant, "i");
    if (word == "oo") return named(Op::constant, "infinity");
    if (options_.implicit_products && !is_in(word, kGreek)) return letters(begin);
    if (peek() != '(') return named(Op::symbol, std::string(word));
    std::vector<MathExpr> args;
    if (!arguments(args)) return std::nullopt;
    return named(Op::apply, std::string(word), std::move(args));
  }

  /// "xy" is x times y: reads the first letter, and the product goes on with the next.
  Read letters(std::size_t begin) {
    at_ = begin + char_bytes(text_, begin);
    return named(Op::symbol, std::string(text_.substr(begin, at_ - begin)));
  }

  bool arguments(std::vector<MathExpr>& args) {
    if (!take('(')) return false;
    do {
      Read arg = sum();
      if (!arg) return false;
      args.push_back(std::move(*arg));
    } while (take(','));
    return take(')');
  }

  Read function(std::string_view word) {
    std::vector<MathExpr> args;
    if (peek() == '(') {
      if (!arguments(args)) return std::nullopt;
    } else {
      Read arg = options_.implicit_products ? signed_power() : Read();
      if (!arg) return std::nullopt;
      args.push_back(std::move(*arg));
    }
    const bool is_log = word == "log" || word == "ln";
    if (args.size() != 1 && !(is_log && args.size() == 2)) return std::nullopt;
    if (is_log) return named(Op::function, "log", std::move(args));
    if (word == "Abs") word = "abs";
    if (word == "ceiling") word = "ceil";
    return named(Op::function, std::string(word), std::move(args));
  }

  std::string_view text_;
  PlainOptions options_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool over_budget_ = false;
};

}  // namespace

SympyRead read_sympy_plain(std::string_view text, const PlainOptions& options) {
  SympyRead read;
  if (text.size() > kMaxBytes) {
    read.status = SympyRead::Status::budget;
    return read;
  }
  PlainReader reader(text, options);
  Read expr = reader.run();
  if (reader.over_budget()) {
    read.status = SympyRead::Status::budget;
  } else if (expr) {
    read.status = SympyRead::Status::expression;
    read.left = std::move(*expr);
  }
  return read;
}

}  // namespace assay::evals::compat
