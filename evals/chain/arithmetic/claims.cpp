#include "evals/chain/arithmetic/claims.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "evals/chain/arithmetic/expression.h"

namespace assay::chain {
namespace {

using Kind = MathToken::Kind;
using Tokens = std::span<const MathToken>;
constexpr std::size_t npos = std::string_view::npos;

/// More tokens before a relation than this are not searched for its left side.
constexpr std::size_t max_left_tokens = 160;
/// Bytes around a claim that are searched for words that take it back.
constexpr std::size_t context_bytes = 160;

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& set) {
  return std::find(set.begin(), set.end(), word) != set.end();
}

/// Before a sum these make it a part of something larger: "5 more than 3 + 4 = 12".
constexpr std::array<std::string_view, 33> absorbing_words = {
    "than", "twice", "thrice", "half",   "double", "triple",  "times",      "by",  "over",
    "plus", "minus", "from",   "every",  "each",   "divided", "multiplied", "per", "sin",
    "cos",  "tan",   "log",    "ln",     "exp",    "gcd",     "lcm",        "max", "min",
    "csc",  "sec",   "cot",    "arcsin", "arccos", "arctan"};

/// After a number these make it a part of something larger: "= 3 more than".
constexpr std::array<std::string_view, 14> extending_words = {
    "more", "less", "fewer", "times",   "greater",    "remainder", "r",
    "mod",  "plus", "minus", "divided", "multiplied", "raised",    "squared"};

/// Words that state the result of a calculation.
constexpr std::array<std::string_view, 5> verbs = {"is", "gives", "makes", "yields", "equals"};

/// Somewhere near, these mean that the writer does not claim the equation.
constexpr std::array<std::string_view, 16> retracting = {
    " not ",      "n't",        "wrong",  "incorrect", "mistake", "false",  "instead", "error",
    "impossible", "contradict", "unless", "cannot",    "base",    "binary", "modul",   "clock"};

/// These mean that a result was rounded to a whole number.
constexpr std::array<std::string_view, 12> rounding = {"round",   "approx",   "about",   "nearly",
                                                       "nearest", "whole",    "roughly", "floor",
                                                       "ceil",    "estimate", "almost",  "around"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

template <std::size_t N>
bool mentions(const std::string& text, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

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
      if (left && right) check(*left, *right, *relation, all);
    }
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
    const mpq_class unit = last_place(shown);
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

  /// The text around the claim, lower case: its line, at most context_bytes to each side.
  std::string context(ByteSpan span, std::size_t before, std::size_t after) const {
    std::size_t begin = span.begin > before ? span.begin - before : 0;
    std::size_t end = std::min(text_.size(), span.end + after);
    const std::size_t line = text_.rfind('\n', span.begin);
    if (line != std::string_view::npos && line > begin && span.begin > 0) begin = line;
    const std::size_t line_end = text_.find('\n', span.end);
    if (line_end != std::string_view::npos && line_end < end) end = line_end;
    return lower(text_.substr(begin, end - begin));
  }

  bool taken_back(ByteSpan span) const {
    const std::string around = context(span, context_bytes, context_bytes / 2);
    if (mentions(around, retracting)) return true;
    const std::size_t next = text_.find_first_not_of(" \t$\\)*", span.end);
    return next != std::string_view::npos && text_[next] == '?';
  }

  /// "22/7 = 3 (rounded down)", "40/12 = 3 boxes, with 4 left".
  bool rounded_to_whole(const Side& left, const Side& right, ByteSpan span) const {
    const MathToken* shown = right.expression.literal();
    if (shown == nullptr || shown->decimals > 0) return false;
    const auto a = evaluate(left.expression, 0, values_);
    if (!a || abs(mpq_class(a->low - shown->value)) >= 1) return false;
    const std::string around = context(span, context_bytes, context_bytes);
    return mentions(around, rounding) || around.find("remain") != std::string::npos ||
           around.find("left") != std::string::npos || around.find("full") != std::string::npos ||
           around.find("complete") != std::string::npos;
  }

  /// "5 * 12 hours = 2.5 days": another unit, and the ratio is one of conversion.
  bool units_convert(const Expression& left, const Expression& right) const {
    if (right.units.empty() && left.units.empty()) return false;
    const auto a = evaluate(left, 0, values_);
    const auto b = evaluate(right, 0, values_);
    if (!a || !b || a->low == 0 || b->low == 0) return false;
    mpq_class ratio = abs(mpq_class(a->low / b->low));
    if (ratio < 1) ratio = 1 / ratio;
    for (const int factor : {100, 60, 3600, 24, 7, 12, 1000, 10, 365, 30, 52, 16, 36, 3, 1440, 4}) {
      if (ratio == factor && left.units != right.units) return true;
    }
    return false;
  }

  std::string reason(const Side& left, const Side& right, const Relation& relation) const {
    const auto a = evaluate(left.expression, 0, values_);
    const auto side = [&](const Side& s) {
      const std::size_t begin = tokens_[s.begin].span.begin;
      return std::string(text_.substr(begin, tokens_[s.expression.end - 1].span.end - begin));
    };
    std::string value = "another number";
    if (a && a->is_exact()) {
      value = a->low.get_str();
    } else if (a) {
      value = fmt::format("about {:.6g}", a->low.get_d());
    }
    return fmt::format("{} is {}, not {}{}", side(left), value,
                       relation.approximate ? "about " : "", side(right));
  }

  std::string_view text_;
  std::vector<MathToken> tokens_;
  Values values_;
  ArithmeticReport report_;
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
