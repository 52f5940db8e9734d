// The recursive-descent reader behind read_expr (expr_parser.h): its grammar, one member a rule.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evals/common/expr_parser.h"

namespace assay::evals {

using MaybeExpr = std::optional<MathExpr>;

class ExprReader {
  using Kind = AnswerToken::Kind;
  using Op = MathExpr::Op;

 public:
  ExprReader(AnswerTokens tokens, ExprNotation notation) : tokens_(tokens), notation_(notation) {}

  std::optional<ExprReading> run();

 private:
  /// Counts how deep the calls are: beyond the budget everything fails.
  class Level {
   public:
    explicit Level(ExprReader& parser) : parser_(parser) {
      if (++parser_.depth_ > max_expr_depth) parser_.over_budget_ = true;
    }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ExprReader& parser_;
  };

  const AnswerToken* peek(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? &tokens_[at_ + ahead] : nullptr;
  }

  bool sees(std::string_view text, std::size_t ahead = 0) const {
    const AnswerToken* token = peek(ahead);
    return token != nullptr && token->text == text && token->kind != Kind::word;
  }

  bool sees(Kind kind, std::size_t ahead = 0) const {
    const AnswerToken* token = peek(ahead);
    return token != nullptr && token->kind == kind;
  }

  bool take(std::string_view text) {
    if (!sees(text)) return false;
    ++at_;
    return true;
  }

  bool take(Kind kind) {
    if (!sees(kind)) return false;
    ++at_;
    return true;
  }

  MaybeExpr hole() {
    incomplete_ = true;
    return make_expr(Op::hole, {});
  }

  MaybeExpr combined(Op op, MaybeExpr left, MaybeExpr right);

  static MaybeExpr unary(Op op, MaybeExpr operand);

  // --- sums and products ---

  /// The sign at this place, taken: the operation it stands for.
  std::optional<Op> take_sign();

  MaybeExpr sum();

  static MaybeExpr combined_sum(MaybeExpr left, MaybeExpr term);

  /// A sum, or two around TeX's infix \over or \choose.
  MaybeExpr infix_sum();

  /// A product that may begin with more signs: --5, \cdot -3.
  MaybeExpr signed_product();

  MaybeExpr product();

  MaybeExpr signed_factor();

  /// The x of "4.5 x 10^{33}".
  bool is_times_letter() const {
    return sees(Kind::word) && (peek()->text == "x" || peek()->text == "X") && at_ > 0 &&
           tokens_[at_ - 1].kind == Kind::number && sees("10", 1) && sees("^", 2);
  }

  /// A product; 4.5 times a power of ten is one number.
  MaybeExpr times(MaybeExpr left, MaybeExpr right);

  static MaybeExpr scaled(MathExpr number, long power);

  // --- factors ---

  /// Whether an implied product goes on here.
  bool starts_factor() const;

  bool starts_word_factor(const AnswerToken& token) const;

  /// A word of a language. Short ones (it, is, so) are products inside braces or glued to a
  /// formula.
  bool is_text_word(std::size_t place) const;

  static bool is_operand_command(const std::string& text);

  /// A primary with its subscripts, powers, primes, factorials and degrees.
  MaybeExpr factor();

  static MaybeExpr named(const char* function, MaybeExpr argument);

  MaybeExpr raised(MaybeExpr base);

  MaybeExpr exponent_value() {
    if (sees(Kind::open)) return braced();
    return signed_factor();  // x^-1, x**(1/2)
  }

  /// The name of the subscript behind a '_': "_{n}".
  std::string subscript();

  // --- primaries ---

  MaybeExpr primary();

  /// A sum up to the closing token, which is taken; {a \over b} and {n \choose k} too.
  MaybeExpr enclosed(Kind closing);

  /// An argument in braces, or one factor where the braces are missing.
  MaybeExpr braced() {
    if (take(Kind::open)) return enclosed(Kind::close);
    return factor();
  }

  MaybeExpr bracket();

  MaybeExpr number();

  /// 204_5
  MaybeExpr in_base(const std::string& digits);

  /// 0.1\overline{6}
  MaybeExpr repeating(const std::string& text);

  /// 3\frac{1}{2} and 3 1/2, if a proper fraction stands behind the integer.
  MaybeExpr mixed(MathExpr whole);

  // --- words and commands ---

  MaybeExpr word();

  /// A run of letters that is no word: a product, the last letter of which takes the subscript.
  MaybeExpr letters(const std::string& run);

  MaybeExpr plain_letter(const std::string& name) const {
    if (name == "i" || (notation_.python && name == "I")) return make_constant("i");
    if (name == "e" || (notation_.python && name == "E")) return make_constant("e");
    return make_symbol(name);
  }

  MaybeExpr letter(const std::string& name);

  /// f(x) is a function's value, x(x+1) a product; a comma inside makes it a function's value.
  bool is_application(const std::string& name) const;

  MaybeExpr application(const std::string& name);

  /// A name with its subscript and primes; called like a function if a known letter is.
  MaybeExpr symbol(std::string name);

  MaybeExpr command();

  MaybeExpr binomial();

  MaybeExpr rounded(const std::string& opening);

  /// "/2" behind a missing operand.
  MaybeExpr product_behind(MaybeExpr left);

  // --- functions ---

  MaybeExpr function(const std::string& name);

  /// The function of its arguments; `power` is used up where it is the -1 of an inverse.
  static MaybeExpr applied(std::string name, std::vector<MathExpr> args, MaybeExpr base,
                           MaybeExpr& power);

  std::optional<std::vector<MathExpr>> function_arguments(const std::string& name);

  /// "(a, b)"
  std::optional<std::vector<MathExpr>> arguments();

  /// 2x of "\sin 2x \cos y": the implied product up to the next function or bracket.
  MaybeExpr bare_argument(const std::string& name);

  static bool has_constant_pi(const MathExpr& expr) {
    return (expr.op == Op::constant && expr.name == "pi") ||
           std::any_of(expr.args.begin(), expr.args.end(), has_constant_pi);
  }

  bool starts_function() const;

  MaybeExpr root(const std::string& name);

  AnswerTokens tokens_;
  ExprNotation notation_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int bars_ = 0;  ///< |...| that are open
  bool incomplete_ = false;
  bool over_budget_ = false;
};

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> set);

/// An integer written in digits alone.
bool is_integer_literal(const MathExpr& expr);

}  // namespace assay::evals
