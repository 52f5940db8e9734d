#include "evals/common/compare_expressions.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "evals/common/interval_eval.h"
#include "evals/common/rational_function.h"

namespace assay::evals {
namespace {

using Op = MathExpr::Op;

constexpr mpfr_prec_t first_bits = 64;
constexpr mpfr_prec_t last_bits = 1024;

// --- exact forms ---

/// What canonical forms can tell; undecided where only numbers can, with rung::budget where the
/// exact work ran out.
Judgement compare_forms(const MathExpr& a, const MathExpr& b) {
  Algebra algebra;
  const auto left = algebra.canonical(a);
  const auto right = left || !algebra.over_budget() ? algebra.canonical(b) : std::nullopt;
  if (algebra.over_budget()) return judged(Verdict::undecided, rung::budget, proof::none);
  if (!left || !right) return judged(Verdict::undecided, rung::undefined, proof::none);
  const auto left_value = constant_value(*left);
  const auto right_value = constant_value(*right);
  if (left_value && right_value) {
    return judged(*left_value == *right_value ? Verdict::equal : Verdict::not_equal, rung::rational,
                  proof::proved);
  }
  const std::optional<bool> equal = algebra.equal(*left, *right);
  if (!equal) return judged(Verdict::undecided, rung::budget, proof::none);
  if (*equal) return judged(Verdict::equal, rung::algebra, proof::proved);
  if (algebra.decides()) return judged(Verdict::not_equal, rung::algebra, proof::proved);
  return {};
}

// --- constants ---

Judgement compare_constants(const MathExpr& a, const MathExpr& b) {
  long work = 0;
  for (mpfr_prec_t bits = first_bits; bits <= last_bits; bits *= 2) {
    const Evaluation how{bits, nullptr, false, &work};
    const std::optional<Box> left = evaluate(a, how);
    const std::optional<Box> right = evaluate(b, how);
    if (work > max_interval_work) return judged(Verdict::undecided, rung::budget, proof::none);
    if (!left || !right) continue;
    if (left->disjoint(*right)) return judged(Verdict::not_equal, rung::constant, proof::proved);
    if (bits == last_bits && left->narrow() && right->narrow()) {
      return judged(Verdict::equal, rung::constant, proof::bits);
    }
  }
  return judged(Verdict::undecided, rung::undefined, proof::none);
}

// --- functions ---

/// splitmix64 (Steele, Lea and Flood, 2014): the same points on every machine.
class Random {
 public:
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  long below(long n) { return static_cast<long>(next() % static_cast<std::uint64_t>(n)); }

 private:
  std::uint64_t state_ = 0x6173736179ULL;
};

void collect_unknowns(const MathExpr& expr, std::set<std::string>& names) {
  if (expr.op == Op::symbol) names.insert(expr.name);
  if (expr.op == Op::hole) names.insert("?");
  if (expr.op == Op::apply) {
    names.insert(expr_text(expr));
    return;
  }
  for (const MathExpr& arg : expr.args) collect_unknowns(arg, names);
}

/// Functions of whole numbers: factorials, (-1)^n.
bool wants_integers(const MathExpr& expr) {
  if (expr.op == Op::factorial) return true;
  if (expr.op == Op::function && (expr.name == "binomial" || expr.name == "gcd" ||
                                  expr.name == "lcm" || expr.name == "factorial2")) {
    return true;
  }
  if (expr.op == Op::power &&
      (expr.args[0].op == Op::negate ||
       (expr.args[0].op == Op::number && expr.args[0].value < 0)) &&
      !symbols_of(expr.args[1]).empty()) {
    return true;
  }
  return std::any_of(expr.args.begin(), expr.args.end(), wants_integers);
}

bool has_rounding(const MathExpr& expr) {
  const bool rounds = expr.op == Op::function && (expr.name == "floor" || expr.name == "ceil");
  return rounds || std::any_of(expr.args.begin(), expr.args.end(), has_rounding);
}

bool has_imaginary(const MathExpr& expr) {
  return (expr.op == Op::constant && expr.name == "i") ||
         std::any_of(expr.args.begin(), expr.args.end(), has_imaginary);
}

/// Letters that stand for whole numbers by custom.
bool is_whole_by_name(const std::string& name) {
  return name.size() == 1 && std::string_view("nmklNMK").find(name) != std::string_view::npos;
}

struct PointSource {
  std::set<std::string> unknowns;
  bool integers = false;  ///< all points are
  bool rounds = false;    ///< every third point is: floors of integers and of what lies between
  Random random;

  /// Positive at even attempts, of any sign at odd ones; some reach far: |x - 3| is 3 - x near 0.
  std::map<std::string, mpq_class> point(int attempt) {
    constexpr long reach[] = {1, 2, 3, 12, 1, 40, 2, 7, 3, 150};
    std::map<std::string, mpq_class> values;
    for (const std::string& name : unknowns) {
      if (integers || (rounds && attempt % 3 == 0)) {
        values[name] = mpq_class(1 + random.below(4 + attempt));
        continue;
      }
      const long denominator = 7 + random.below(90);
      const long farthest = reach[static_cast<std::size_t>(attempt) % std::size(reach)];
      mpq_class value(1 + random.below(denominator * farthest), denominator);
      value.canonicalize();
      if (attempt % 2 != 0 && random.below(2) != 0) value = -value;
      values[name] = value;
    }
    return values;
  }
};

enum class AtPoint { agree, differ, outside };

AtPoint compare_at(const MathExpr& a, const MathExpr& b,
                   const std::map<std::string, mpq_class>& point, bool real_only, long& work) {
  for (mpfr_prec_t bits = 2 * first_bits; bits <= last_bits / 2; bits *= 2) {
    const Evaluation how{bits, &point, real_only, &work};
    const std::optional<Box> left = evaluate(a, how);
    const std::optional<Box> right = evaluate(b, how);
    if (!left || !right) return AtPoint::outside;
    if (left->disjoint(*right)) return AtPoint::differ;
    if (left->narrow() && right->narrow()) return AtPoint::agree;
  }
  return AtPoint::outside;
}

Judgement compare_functions(const MathExpr& a, const MathExpr& b) {
  constexpr int points_needed = 12;
  constexpr int max_attempts = 64;
  PointSource source;
  collect_unknowns(a, source.unknowns);
  collect_unknowns(b, source.unknowns);
  source.rounds = has_rounding(a) || has_rounding(b);
  const bool whole = source.rounds &&
                     std::all_of(source.unknowns.begin(), source.unknowns.end(), is_whole_by_name);
  source.integers = whole || wants_integers(a) || wants_integers(b);
  long work = 0;
  for (const bool real_only : {true, false}) {
    if (real_only && (has_imaginary(a) || has_imaginary(b))) continue;
    int agreeing = 0;
    for (int attempt = 0; attempt < max_attempts && agreeing < points_needed; ++attempt) {
      const AtPoint at = compare_at(a, b, source.point(attempt), real_only, work);
      if (work > max_interval_work) return judged(Verdict::undecided, rung::budget, proof::none);
      if (at == AtPoint::differ) return judged(Verdict::not_equal, rung::function, proof::proved);
      if (at == AtPoint::agree) ++agreeing;
    }
    if (agreeing == points_needed) {
      return judged(Verdict::equal, rung::function, proof::probabilistic);
    }
  }
  return judged(Verdict::undecided, rung::undefined, proof::none);
}

// --- logarithms without a base ---

bool has_bare_log(const MathExpr& expr) {
  return (expr.op == Op::function && expr.name == "log" && expr.args.size() == 1) ||
         std::any_of(expr.args.begin(), expr.args.end(), has_bare_log);
}

MathExpr with_decimal_logs(MathExpr expr) {
  for (MathExpr& arg : expr.args) arg = with_decimal_logs(std::move(arg));
  if (expr.op == Op::function && expr.name == "log" && expr.args.size() == 1) {
    expr.args.push_back(make_number(10));
  }
  return expr;
}

/// Infinity, alone or negated: its sign, else 0.
int infinite_sign(const MathExpr& expr) {
  if (expr.op == Op::constant && expr.name == "infinity") return 1;
  if (expr.op == Op::negate || expr.op == Op::plus_minus) return -infinite_sign(expr.args[0]);
  return 0;
}

bool has_infinity(const MathExpr& expr) {
  return (expr.op == Op::constant && expr.name == "infinity") ||
         std::any_of(expr.args.begin(), expr.args.end(), has_infinity);
}

Judgement compare_finite(const MathExpr& a, const MathExpr& b) {
  Judgement exact = compare_forms(a, b);
  if (exact.verdict != Verdict::undecided || exact.rung == rung::budget) return exact;
  std::set<std::string> unknowns;
  collect_unknowns(a, unknowns);
  collect_unknowns(b, unknowns);
  return unknowns.empty() ? compare_constants(a, b) : compare_functions(a, b);
}

const MathExpr& unsigned_number(const MathExpr& expr, int& sign) {
  const MathExpr* inner = &expr;
  while (inner->op == Op::negate) {
    sign = -sign;
    inner = &inner->args[0];
  }
  return *inner;
}

// --- signs ---

void count_signs(const MathExpr& expr, int& plus, int& minus) {
  if (expr.op == Op::plus_minus) ++plus;
  if (expr.op == Op::minus_plus) ++minus;
  for (const MathExpr& arg : expr.args) count_signs(arg, plus, minus);
}

/// Replaces each sign: bit k of `choice` is the k-th \pm's, and the first's, inverted, every \mp's.
MathExpr with_signs(MathExpr expr, unsigned choice, unsigned& next) {
  if (expr.op == Op::plus_minus || expr.op == Op::minus_plus) {
    const bool plus =
        expr.op == Op::plus_minus ? ((choice >> next++) & 1U) == 0 : (choice & 1U) != 0;
    MathExpr inner = with_signs(std::move(expr.args[0]), choice, next);
    if (plus) return inner;
    return make_expr(Op::negate, {std::move(inner)});
  }
  for (MathExpr& arg : expr.args) arg = with_signs(std::move(arg), choice, next);
  return expr;
}

}  // namespace

Judgement compare_expressions(const MathExpr& a, const MathExpr& b) {
  if (has_infinity(a) || has_infinity(b)) {
    const int left = infinite_sign(a);
    const int right = infinite_sign(b);
    if (left != 0 && left == right) return judged(Verdict::equal, rung::constant, proof::proved);
    const bool comparable = (left != 0 || !has_infinity(a)) && (right != 0 || !has_infinity(b));
    return comparable ? judged(Verdict::not_equal, rung::constant, proof::proved)
                      : judged(Verdict::undecided, rung::undefined, proof::none);
  }
  Judgement natural = compare_finite(a, b);
  if (natural.verdict == Verdict::equal || !(has_bare_log(a) || has_bare_log(b))) return natural;
  Judgement decimal = compare_finite(with_decimal_logs(a), with_decimal_logs(b));
  if (decimal.verdict != Verdict::equal) return natural;
  decimal.rung = rung::log_base;
  return decimal;
}

bool is_undefined(const MathExpr& expr) {
  if (!symbols_of(expr).empty() || has_infinity(expr)) return false;
  constexpr mpfr_prec_t bits = 1024;
  long work = 0;
  const std::optional<Box> value = evaluate(expr, {bits, nullptr, false, &work});
  return !value && work < max_interval_work;
}

bool may_be_rounded(const MathExpr& gold, const MathExpr& prediction) {
  int sign = 1;
  const MathExpr& number = unsigned_number(gold, sign);
  if (number.op != Op::number || number.decimals < 2 || number.scientific) return false;
  mpz_class scale;
  mpz_ui_pow_ui(scale.get_mpz_t(), 10, static_cast<unsigned long>(number.decimals));
  const MathExpr& other = unsigned_number(prediction, sign);
  const bool literal = other.op == Op::number && (other.decimals >= 0 || other.scientific);
  return number.value * scale >= (literal ? 100 : 10);
}

Judgement compare_rounded(const MathExpr& gold, const MathExpr& prediction) {
  int sign = 1;
  const MathExpr& number = unsigned_number(gold, sign);
  // Half a unit of the last digit to either side; both ties round to the gold for one of the two
  // rules only if it is even, so a tie counts where half-up or half-to-even gives the gold.
  mpz_class scale;
  mpz_ui_pow_ui(scale.get_mpz_t(), 10, static_cast<unsigned long>(std::abs(number.decimals)));
  const mpq_class unit = number.decimals >= 0 ? mpq_class(1, scale) : mpq_class(scale);
  const mpq_class low = number.value - unit / 2;
  const mpq_class high = number.value + unit / 2;
  const bool even = mpz_even_p(mpq_class(number.value / unit).get_num_mpz_t()) != 0;
  const MathExpr magnitude = sign < 0 ? make_expr(Op::negate, {prediction}) : prediction;
  Algebra algebra;
  const auto form = algebra.canonical(magnitude);
  if (algebra.over_budget()) return judged(Verdict::undecided, rung::budget, proof::none);
  if (const auto value = form ? constant_value(*form) : std::nullopt) {
    // A tie below the gold rounds up to it; one above rounds down to it only if it is even.
    const bool inside = *value >= low && (*value < high || (*value == high && even));
    return judged(inside ? Verdict::equal : Verdict::not_equal, rung::decimal, proof::proved);
  }
  long work = 0;
  for (mpfr_prec_t bits = first_bits; bits <= last_bits; bits *= 2) {
    const std::optional<Box> box = evaluate(magnitude, {bits, nullptr, false, &work});
    if (!box) continue;
    const Interval below(bits, low);
    const Interval above(bits, high);
    if (box->re.disjoint(below) && box->re.disjoint(above) && box->im.has_zero()) {
      const bool inside = mpfr_greater_p(&box->re.get()->left, &below.get()->right) != 0 &&
                          mpfr_less_p(&box->re.get()->right, &above.get()->left) != 0;
      return judged(inside ? Verdict::equal : Verdict::not_equal, rung::decimal, proof::proved);
    }
    if (!box->im.has_zero()) return judged(Verdict::not_equal, rung::decimal, proof::proved);
  }
  return judged(Verdict::undecided, rung::undefined, proof::none);
}

Judgement compare_equations(const MathExpr& left_a, const MathExpr& right_a, const MathExpr& left_b,
                            const MathExpr& right_b) {
  const auto difference = [](const MathExpr& left, const MathExpr& right) {
    return make_expr(Op::add, {left, make_expr(Op::negate, {right})});
  };
  Algebra algebra;
  const auto a = algebra.canonical(difference(left_a, right_a));
  const auto b = algebra.canonical(difference(left_b, right_b));
  if (algebra.over_budget()) return judged(Verdict::undecided, rung::budget, proof::none);
  if (a && b) {
    if (algebra.same_zeros(*a, *b)) return judged(Verdict::equal, rung::algebra, proof::proved);
    if (algebra.decides()) return judged(Verdict::not_equal, rung::algebra, proof::proved);
  }
  Judgement left = compare_expressions(left_a, left_b);
  Judgement right = compare_expressions(right_a, right_b);
  if (left.verdict == Verdict::equal && right.verdict == Verdict::equal) {
    return left.proof == proof::proved ? right : left;
  }
  const Judgement swapped_left = compare_expressions(left_a, right_b);
  const Judgement swapped_right = compare_expressions(right_a, left_b);
  if (swapped_left.verdict == Verdict::equal && swapped_right.verdict == Verdict::equal) {
    return swapped_left.proof == proof::proved ? swapped_right : swapped_left;
  }
  const bool left_same = left.verdict == Verdict::equal;
  if (left_same != (right.verdict == Verdict::equal)) {
    return judged(Verdict::not_equal, rung::function, proof::proved);
  }
  return judged(Verdict::not_equal, rung::function, proof::form);
}

std::vector<MathExpr> expand_signs(const MathExpr& expr) {
  constexpr int max_signs = 4;
  int plus = 0;
  int minus = 0;
  count_signs(expr, plus, minus);
  if (plus + minus == 0) return {expr};
  if (plus > max_signs) return {};
  const int independent = std::max(plus, 1);
  std::vector<MathExpr> variants;
  for (unsigned choice = 0; choice < 1U << static_cast<unsigned>(independent); ++choice) {
    unsigned next = 0;
    variants.push_back(with_signs(expr, choice, next));
  }
  return variants;
}

}  // namespace assay::evals
