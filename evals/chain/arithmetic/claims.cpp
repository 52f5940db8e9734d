#include "evals/chain/arithmetic/claims.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "evals/chain/arithmetic/equations.h"
#include "evals/chain/arithmetic/expression.h"
#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

using Kind = MathToken::Kind;
using Tokens = std::span<const MathToken>;
constexpr std::size_t npos = std::string_view::npos;

/// More tokens before a relation than this are not searched for its left side.
constexpr std::size_t max_left_tokens = 160;
/// Bytes around a claim that are searched for words that take it back.
constexpr std::size_t context_bytes = 160;

/// One side of a relation.
struct Side {
  Expression expression;
  std::size_t begin = 0;  ///< tokens [begin, expression.end)
};

struct Relation {
  std::size_t at = 0;
  bool approximate = false;
  bool spoken = false;  ///< "is", "gives"
};

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text), tokens_(math_tokens(text)) {}

  ArithmeticReport run() {
    // Constants that people write with two digits.
    for (const char* constant : {"157/50/2", "141/100/2", "173/100/2", "68/25/2", "271/100/2"}) {
      values_.rounded.insert(constant);
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= tokens_.size(); ++i) {
      const bool ends = i == tokens_.size() || tokens_[i].kind == Kind::barrier ||
                        tokens_[i].kind == Kind::ellipsis;
      if (!ends) continue;
      statement(begin, i);
      begin = i + 1;
    }
    return std::move(report_);
  }

 private:
  Kind kind(std::size_t i) const { return i < tokens_.size() ? tokens_[i].kind : Kind::barrier; }

  std::optional<Relation> relation_at(std::size_t i) const {
    if (kind(i) == Kind::equals) return Relation{i, false, false};
    if (kind(i) == Kind::approx) return Relation{i, true, false};
    if (kind(i) == Kind::word && one_of(tokens_[i].text, verbs)) return Relation{i, false, true};
    return std::nullopt;
  }

  /// Tokens [begin, end) without a barrier.
  void statement(std::size_t begin, std::size_t end) {
    const Tokens all(tokens_.data(), end);
    std::size_t left_limit = begin;
    relations_ = std::count_if(tokens_.begin() + static_cast<std::ptrdiff_t>(begin),
                               tokens_.begin() + static_cast<std::ptrdiff_t>(end),
                               [](const MathToken& t) { return t.kind == Kind::equals; });
    // A function or another sign that is not read stands before it: nothing begins there.
    opaque_start_ = begin > 0 && !is_plain_end(tokens_[begin - 1]) ? begin : npos;
    for (std::size_t i = begin; i < end; ++i) {
      const auto relation = relation_at(i);
      if (!relation) continue;
      const auto left = left_side(all, left_limit, i);
      const auto right = right_side(all, i + 1, end);
      if (!relation->spoken) {
        left_limit = i + 1;
        ++report_.found;
      }
      if (!left || !right) continue;
      const bool follows = left->begin > 0 && kind(left->begin - 1) == Kind::equals;
      if (has_variables(*left) || has_variables(*right)) {
        if (kind(i) == Kind::equals) symbolic(*left, *right, follows);
      } else {
        check(*left, *right, *relation, all);
      }
    }
  }

  static bool has_variables(const Side& side) { return !side.expression.variables().empty(); }

  void record(const Side& left, const Side& right, bool holds, std::string why) {
    Claim claim;
    claim.span = {tokens_[left.begin].span.begin, tokens_[right.expression.end - 1].span.end};
    claim.verdict = holds ? ClaimVerdict::holds : ClaimVerdict::contradicted;
    if (!holds && taken_back(claim.span)) return;
    claim.why = std::move(why);
    report_.contradicted += holds ? 0 : 1;
    ++report_.checked;
    report_.claims.push_back(std::move(claim));
  }

  /// `follows`: another "=" stands before the left side, so the chain simplifies step by step.
  void symbolic(const Side& left, const Side& right, bool follows) {
    const Expression& a = left.expression;
    const Expression& b = right.expression;
    const std::optional<bool> same = identical(a, b);
    if (same == true) {
      if (a.nodes.size() > 1) record(left, right, true, {});
      return;
    }
    if (same == false && follows && b.nodes.size() > 1 && simplifies(a, b)) {
      record(left, right, false,
             fmt::format("{} is not the same as {}", text_of(left), text_of(right)));
      return;
    }
    if (relations_ == 1) solving_step(left, right);
  }

  /// "4x = 20, so x = 4": the equation before had another solution.
  void solving_step(const Side& left, const Side& right) {
    const auto equation = linear_equation(left.expression, right.expression);
    if (!equation) {
      solved_.reset();
      return;
    }
    Solved step{*equation,
                {tokens_[left.begin].span.begin, tokens_[right.expression.end - 1].span.end}};
    // "x = 2" is a result, from which nothing else of x follows.
    step.ends = left.expression.nodes.size() == 1 && right.expression.variables().empty();
    const bool near = solved_ && solved_->equation.variable == equation->variable &&
                      step.span.begin >= solved_->span.end &&
                      step.span.begin - solved_->span.end <= max_branch_bytes;
    if (near && !solved_->ends && !solved_->ends_branch &&
        derives(solved_->span.end, step.span.begin)) {
      const bool holds = solved_->equation.solution == equation->solution;
      record(left, right, holds,
             holds
                 ? std::string()
                 : fmt::format("{} = {} by the equation before, not {}", equation->variable,
                               solved_->equation.solution.get_str(), equation->solution.get_str()));
    } else if (near) {
      // "x - 8 = 12 or x - 8 = -12": what comes next may belong to either.
      step.ends_branch = true;
    }
    solved_ = std::move(step);
  }

  /// Whether what stands between two equations says that the second follows from the first alone.
  bool derives(std::size_t from, std::size_t to) const {
    if (to < from || to - from > max_derivation_bytes) return false;
    const std::string between = " " + lower(text_.substr(from, to - from)) + " ";
    return !mentions(between, new_starts);
  }

  std::string text_of(const Side& side) const {
    const std::size_t begin = tokens_[side.begin].span.begin;
    return std::string(text_.substr(begin, tokens_[side.expression.end - 1].span.end - begin));
  }

  /// The longest expression that ends just before `relation`.
  std::optional<Side> left_side(Tokens all, std::size_t limit, std::size_t relation) const {
    const Tokens before = all.first(relation + 1);
    const std::size_t first =
        std::max(limit, relation > max_left_tokens ? relation - max_left_tokens : 0);
    for (std::size_t begin = first; begin < relation; ++begin) {
      if (begin == opaque_start_ || !may_begin(begin, first)) continue;
      auto expression = parse_expression(before, begin);
      if (!expression || expression->end != relation) continue;
      if (begin > limit && absorbed(begin, kind(relation) == Kind::word)) return std::nullopt;
      // "8 boxes = 8 * 20": a quantity that is explained, no equation. A bare number must be all.
      const MathToken* literal = expression->literal();
      const bool bare =
          expression->units.empty() || expression->units[0] == "$" || expression->units[0] == "%";
      if (literal != nullptr && (begin != limit || !bare)) return std::nullopt;
      // Cut off at the limit of the search: there may be more of it.
      if (begin == first && first > limit) return std::nullopt;
      return Side{std::move(*expression), begin};
    }
    return std::nullopt;
  }

  /// An expression begins at the statement's start or after words, never inside another one.
  bool may_begin(std::size_t i, std::size_t first) const {
    const Kind here = kind(i);
    const bool operand = here == Kind::number || here == Kind::variable || here == Kind::open ||
                         here == Kind::money || here == Kind::frac || here == Kind::sqrt ||
                         here == Kind::binom || here == Kind::minus;
    if (!operand) return false;
    if (i == first) return true;
    const Kind before = kind(i - 1);
    return before == Kind::word || before == Kind::equals || before == Kind::approx ||
           (before == Kind::open && here != Kind::minus && remark_bracket(i - 1));
  }

  /// "(that is 3 + 4 = 7)" and "(3 + 4 = 7)": a bracket around a whole equation.
  bool remark_bracket(std::size_t open) const {
    int depth = 0;
    for (std::size_t i = open; i < tokens_.size() && i < open + max_left_tokens; ++i) {
      if (kind(i) == Kind::open) ++depth;
      if (kind(i) == Kind::close && --depth == 0) return false;
      if (depth == 1 && (kind(i) == Kind::equals || kind(i) == Kind::approx)) return true;
      if (kind(i) == Kind::barrier) return true;
    }
    return true;
  }

  /// What stands before it makes it part of something larger.
  bool absorbed(std::size_t begin, bool spoken) const {
    if (kind(begin - 1) != Kind::word) return false;
    const std::string& word = tokens_[begin - 1].text;
    if (spoken && (word == "and" || word == "or")) return true;
    if (one_of(word, absorbing_words)) return true;
    if (word != "of" || begin < 2 || kind(begin - 2) != Kind::word) return word == "of";
    constexpr std::array<std::string_view, 8> names_of_results = {
        "sum", "total", "product", "difference", "quotient", "result", "cost", "value"};
    return !one_of(tokens_[begin - 2].text, names_of_results);
  }

  std::optional<Side> right_side(Tokens all, std::size_t begin, std::size_t end) const {
    if (begin >= end) return std::nullopt;
    auto expression = parse_expression(all, begin);
    if (!expression) return std::nullopt;
    const std::size_t next = expression->end;
    if (!right_ends_at(next)) return std::nullopt;
    return Side{std::move(*expression), begin};
  }

  bool right_ends_at(std::size_t next) const {
    switch (kind(next)) {
      case Kind::barrier:
        // "= 12_5", "= 3 : 4", "= 5 \pm 2", "= 3 \ln 2"
        return next >= tokens_.size() || is_plain_end(tokens_[next]);
      case Kind::equals:
      case Kind::approx:
      case Kind::close:
        return true;
      case Kind::word:
        return word_ends(next);
      case Kind::minus:
        // "= 12 - which is": a dash.
        return kind(next + 1) == Kind::word && one_of_joining(next + 1);
      case Kind::open:
        return tokens_[next].space && kind(next + 1) == Kind::word;
      default:
        return false;
    }
  }

  bool is_plain_end(const MathToken& token) const {
    constexpr std::array<std::string_view, 16> ends = {
        "\n",          "",  ".",    ",",       ";",
        ":",           "?", "\\\\", "implies", "Rightarrow",
        "=>",          "*", "quad", "qquad",   "\xE2\x80\x9D",
        "\xE2\x87\x92"};
    return one_of(token.text, ends);
  }

  bool one_of_joining(std::size_t i) const {
    constexpr std::array<std::string_view, 8> joining = {"which", "so", "this", "that",
                                                         "the",   "a",  "we",   "not"};
    return one_of(tokens_[i].text, joining);
  }

  bool word_ends(std::size_t i) const {
    // A unit, then words that extend the number or an operator: not the whole right side.
    for (std::size_t j = i; j < i + 4 && kind(j) == Kind::word; ++j) {
      if (one_of(tokens_[j].text, extending_words)) return false;
      const Kind next = kind(j + 1);
      if (next == Kind::plus || next == Kind::times || next == Kind::slash || next == Kind::caret) {
        return false;
      }
      if (one_of_joining(j)) return true;
    }
    return true;
  }

  void check(const Side& left, const Side& right, const Relation& relation, Tokens all) {
    const MathToken* literal_left = left.expression.literal();
    const MathToken* literal_right = right.expression.literal();
    if (relation.spoken && (!left.expression.has_operation() || literal_right == nullptr)) return;
    if (literal_left != nullptr && literal_right != nullptr) {
      note_rounding(*literal_left, *literal_right, relation);
      return;
    }
    if (left.expression.ambiguous || right.expression.ambiguous) return;
    const auto verdict = compare(left.expression, right.expression, relation, all);
    if (!verdict) return;
    if (relation.spoken) ++report_.found;
    Claim claim;
    claim.span = {all[left.begin].span.begin, all[right.expression.end - 1].span.end};
    claim.verdict = *verdict;
    if (*verdict == ClaimVerdict::contradicted) {
      if (taken_back(claim.span) || rounded_to_whole(left, right, claim.span) ||
          units_convert(left.expression, right.expression)) {
        if (relation.spoken) --report_.found;
        return;
      }
      claim.why = reason(left, right, relation);
      ++report_.contradicted;
    }
    ++report_.checked;
    report_.claims.push_back(std::move(claim));
  }

  /// "26.67 = 27", "2/3 = 0.67": from here on the second number stands for an interval.
  void note_rounding(const MathToken& left, const MathToken& right, const Relation& relation) {
    if (relation.approximate || left.value != right.value)
      values_.rounded.insert(literal_key(right));
  }

  /// Nothing: it cannot be decided.
  std::optional<ClaimVerdict> compare(const Expression& left, const Expression& right,
                                      const Relation& relation, Tokens /*all*/) {
    const unsigned left_bits = readings_of(left);
    const unsigned right_bits = readings_of(right);
    bool decided = false;
    for (unsigned l = 0; l <= Reading::all; ++l) {
      if ((l & ~left_bits) != 0) continue;
      const auto a = evaluate(left, l, values_);
      if (!a) return std::nullopt;
      for (unsigned r = 0; r <= Reading::all; ++r) {
        if ((r & ~right_bits) != 0) continue;
        const auto b = evaluate(right, r, values_);
        if (!b) return std::nullopt;
        decided = true;
        if (agree(*a, left, *b, right, relation)) return ClaimVerdict::holds;
      }
    }
    return decided ? std::optional(ClaimVerdict::contradicted) : std::nullopt;
  }

  bool agree(const Number& a, const Expression& left, const Number& b, const Expression& right,
             const Relation& relation) {
    if (overlap(a, b)) {
      if (relation.approximate) remember_rounded(left, right);
      return true;
    }
    const MathToken* shown = right.literal() != nullptr ? right.literal() : left.literal();
    mpq_class tolerance = 0;
    if (shown != nullptr) {
      const Number& other = right.literal() != nullptr ? a : b;
      tolerance = rounding_of(*shown, other);
    }
    if (relation.approximate) {
      // A sign that promises little: two percent, or one unit of the last digit shown.
      const mpq_class size = abs(a.low) > abs(b.low) ? abs(a.low) : abs(b.low);
      const mpq_class loose = size / 50;
      tolerance =
          std::max({tolerance, loose, shown != nullptr ? last_place(*shown) : mpq_class(0)});
    }
    if (tolerance == 0 || !overlap(widened(a, tolerance), b)) return false;
    remember_rounded(left, right);
    return true;
  }

  static mpq_class last_place(const MathToken& token) {
    mpz_class power;
    mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::max(token.decimals, 0)));
    return {1, power};
  }

  /// One unit of the last decimal shown, if the exact value has more decimals than that: up, down
  /// and to nearest are all in use. An exact value that fits must be met exactly.
  static mpq_class rounding_of(const MathToken& shown, const Number& exact) {
    if (shown.decimals < 1) return 0;
    mpq_class unit = last_place(shown);
    if (exact.is_exact() && mpq_class(exact.low / unit).get_den() == 1) return 0;
    return unit;
  }

  void remember_rounded(const Expression& left, const Expression& right) {
    if (right.literal() != nullptr) {
      values_.rounded.insert(literal_key(*right.literal()));
    } else if (left.literal() != nullptr) {
      values_.rounded.insert(literal_key(*left.literal()));
    }
  }

  bool taken_back(ByteSpan span) const {
    const std::string around = sentence(text_, span, context_bytes, context_bytes / 2);
    if (mentions(" " + around, retracting)) return true;
    const std::size_t next = text_.find_first_not_of(" \t$\\)*", span.end);
    return next != std::string_view::npos && text_[next] == '?';
  }

  /// "22/7 = 3 (rounded down)", "40/12 = 3 boxes, with 4 left".
  bool rounded_to_whole(const Side& left, const Side& right, ByteSpan span) const {
    const MathToken* shown = right.expression.literal();
    if (shown == nullptr || shown->decimals > 0) return false;
    const auto a = evaluate(left.expression, 0, values_);
    if (!a || abs(mpq_class(a->low - shown->value)) >= 1) return false;
    const std::string around = context(text_, span, context_bytes, context_bytes);
    return mentions(around, rounding) || around.find("remain") != std::string::npos ||
           around.find("left") != std::string::npos || around.find("full") != std::string::npos ||
           around.find("complete") != std::string::npos;
  }

  /// "5 * 12 hours = 2.5 days": both sides have units, not the same, and the ratio is one of
  /// conversion.
  bool units_convert(const Expression& left, const Expression& right) const {
    std::vector<std::string> shown = right.units;
    if (kind(right.end) == Kind::word) shown.push_back(tokens_[right.end].text);
    if (left.units.empty() || shown.empty()) return false;
    const bool shared = std::any_of(shown.begin(), shown.end(), [&](const std::string& unit) {
      return std::find(left.units.begin(), left.units.end(), unit) != left.units.end();
    });
    if (shared) return false;
    const auto a = evaluate(left, 0, values_);
    const auto b = evaluate(right, 0, values_);
    if (!a || !b || a->low == 0 || b->low == 0) return false;
    mpq_class ratio = abs(mpq_class(a->low / b->low));
    if (ratio < 1) ratio = 1 / ratio;
    for (const int factor : {100, 60, 3600, 24, 7, 12, 1000, 10, 365, 30, 52, 16, 36, 3, 1440, 4}) {
      if (ratio == factor) return true;
    }
    return false;
  }

  std::string reason(const Side& left, const Side& right, const Relation& relation) const {
    const auto a = evaluate(left.expression, 0, values_);
    std::string value = "another number";
    if (a && a->is_exact()) {
      value = a->low.get_str();
    } else if (a) {
      value = fmt::format("about {:.6g}", a->low.get_d());
    }
    return fmt::format("{} is {}, not {}{}", text_of(left), value,
                       relation.approximate ? "about " : "", text_of(right));
  }

  std::string_view text_;
  std::vector<MathToken> tokens_;
  Values values_;
  ArithmeticReport report_;
  struct Solved {
    LinearEquation equation;
    ByteSpan span;
    bool ends = false;         ///< it is solved
    bool ends_branch = false;  ///< another one stood beside it
  };
  std::optional<Solved> solved_;     ///< the linear equation before this one
  std::ptrdiff_t relations_ = 0;     ///< equality signs of the statement
  std::size_t opaque_start_ = npos;  ///< where a statement begins behind a sign that is not read
};

}  // namespace

std::string_view claim_verdict_name(ClaimVerdict verdict) {
  switch (verdict) {
    case ClaimVerdict::holds:
      return "holds";
    case ClaimVerdict::contradicted:
      return "contradicted";
    case ClaimVerdict::unchecked:
      return "unchecked";
  }
  return "unchecked";
}

ArithmeticReport check_arithmetic(std::string_view text) {
  return Checker(text).run();
}

}  // namespace assay::chain
