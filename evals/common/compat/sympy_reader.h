// The recursive reader behind read_sympy_latex (internal).
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evals/common/compat/sympy_latex.h"
#include "evals/common/compat/sympy_lexer.h"

namespace assay::evals::compat {

/// A recursive reader that goes back: at every loop of the grammar (sums, products, factors,
/// powers) a continuation that cannot be read ends the loop instead of failing.
class SympyReader {
 public:
  explicit SympyReader(std::vector<SympyToken> tokens) : tokens_(std::move(tokens)) {}

  SympyRead run();

 private:
  using Kind = SympyToken::Kind;
  using Op = MathExpr::Op;
  using Read = std::optional<MathExpr>;

  /// Going back over hostile nesting would be exponential.
  static constexpr int kMaxSteps = 50'000;
  static constexpr int kMaxDepth = 200;

  static MathExpr node(Op op, std::vector<MathExpr> args);
  static MathExpr named(Op op, std::string name, std::vector<MathExpr> args = {});
  static MathExpr integer(long value);

  void read_relation(SympyRead& read);
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
  Read sum();
  /// `no_calls`: the argument of a function without parentheses, which ends before a function.
  Read product(bool no_calls);
  Read signed_factors(bool no_calls);
  /// 2x3 is 2 times 3; d/dx takes what follows.
  static Read joined_factors(std::vector<MathExpr> factors);
  /// The operator d/dx itself, before its operand is known.
  static bool is_derivative(const MathExpr& expr) { return expr.op == Op::hole; }
  static MathExpr derivative(MathExpr expr, const std::string& variable);
  Read postfixed(bool calls);
  Read powered(bool calls);
  Read braced_or_atom();
  Read component(bool calls);
  Read closed(Read read, std::string_view close);
  Read call();
  /// f(x), and so also x(x + 1).
  Read named_call();
  Read root();
  Read known_function(const std::string& name);
  /// \log_28 with nothing behind it is log 8 to base 2: an unbraced index gives back one digit.
  Read last_digit_of_base(MathExpr& below, std::size_t end);
  static bool is_minus_one(const MathExpr& expr);
  static Read raised(MathExpr base, Read& exponent);
  /// Of several arguments only the first counts.
  Read parenthesised_argument();
  /// \sum_{i=1}^{n}: stays as it is.
  Read big_operator(const std::string& name);
  Read integral();
  Read limit();
  Read atom();
  /// A letter or name with its subscript and primes; a '_' must have a subscript.
  std::optional<std::string> symbol_name();
  Read number();
  Read fraction();
  Read fraction_part();
  Read binomial();
  Read italic();
  Read rounded(const char* name, std::string_view close);

  std::vector<SympyToken> tokens_;
  std::size_t at_ = 0;
  std::size_t furthest_ = 0;
  int steps_ = 0;
  int depth_ = 0;
  bool over_budget_ = false;
  bool raised_ = false;
};

}  // namespace assay::evals::compat
