#include "evals/common/interval_eval.h"

#include <iterator>
#include <utility>
#include <vector>

namespace assay::evals {
namespace {

using Op = MathExpr::Op;
using Maybe = std::optional<Box>;

class Evaluator {
 public:
  explicit Evaluator(const Evaluation& evaluation) : how_(evaluation) {}

  Maybe run(const MathExpr& expr) {
    *how_.work += static_cast<long>(how_.bits / 64);
    if (*how_.work > max_interval_work) return std::nullopt;
    Maybe result = value(expr);
    if (!result || !result->usable()) return std::nullopt;
    return result;
  }

 private:
  Box number(const mpq_class& value) const { return Box(Interval(how_.bits, value)); }

  Box pi() const {
    Interval result(how_.bits);
    mpfi_const_pi(result.get());
    return Box(std::move(result));
  }

  Maybe value(const MathExpr& expr) {
    switch (expr.op) {
      case Op::number:
        return number(expr.value);
      case Op::symbol:
        return known(expr.name);
      case Op::apply:
        return known(expr_text(expr));
      case Op::constant:
        return constant(expr.name);
      case Op::hole:
        return known("?");
      case Op::plus_minus:
      case Op::minus_plus:
        return std::nullopt;
      default:
        break;
    }
    std::vector<Box> args;
    for (const MathExpr& arg : expr.args) {
      Maybe box = run(arg);
      if (!box) return std::nullopt;
      args.push_back(std::move(*box));
    }
    return args.empty() ? std::nullopt : combined(expr, args);
  }

  Maybe known(const std::string& name) const {
    if (how_.values == nullptr) return std::nullopt;
    const auto at = how_.values->find(name);
    if (at == how_.values->end()) return std::nullopt;
    return number(at->second);
  }

  Maybe constant(const std::string& name) const {
    if (name == "pi") return pi();
    if (name == "e") return exponential(number(1));
    if (name == "i") return Box(Interval(how_.bits, 0), Interval(how_.bits, 1));
    return std::nullopt;
  }

  Maybe combined(const MathExpr& expr, std::vector<Box>& args) {
    Box result = args[0];
    switch (expr.op) {
      case Op::add:
        for (std::size_t i = 1; i < args.size(); ++i) result = add(result, args[i]);
        return result;
      case Op::multiply:
        for (std::size_t i = 1; i < args.size(); ++i) result = multiply(result, args[i]);
        return result;
      case Op::negate:
        return negate(result);
      case Op::divide:
        return divide(args[0], args[1]);
      case Op::power:
        return power(expr, args[0], args[1]);
      case Op::root:
        return root(expr, args[0], args[1]);
      case Op::factorial:
        return gamma_of(args[0]);
      case Op::degrees:
        return divide(multiply(result, pi()), number(180));
      case Op::percent:
        return divide(result, number(100));
      default:
        return function(expr.name, args);
    }
  }

  static Maybe gamma_of(const Box& a) {
    if (!a.real) return std::nullopt;
    std::optional<Interval> result = factorial(a.re);
    if (!result) return std::nullopt;
    return Box(std::move(*result));
  }

  /// The exact rational an exponent is, as written.
  static std::optional<mpq_class> rational_of(const MathExpr& expr) {
    if (expr.op == Op::number) return expr.value;
    if (expr.op == Op::negate) {
      const auto inner = rational_of(expr.args[0]);
      if (inner) return mpq_class(-*inner);
    }
    if (expr.op == Op::divide) {
      const auto top = rational_of(expr.args[0]);
      const auto bottom = rational_of(expr.args[1]);
      if (top && bottom && *bottom != 0) return mpq_class(*top / *bottom);
    }
    return std::nullopt;
  }

  Maybe power(const MathExpr& expr, const Box& base, const Box& exponent) const {
    constexpr long max_fold = 1 << 20;
    std::optional<mpq_class> exact = rational_of(expr.args[1]);
    if (!exact && exponent.real) {
      // A symbol's value at an integer point: (-1)^n is real there.
      if (const auto whole = exponent.re.integer()) exact = mpq_class(*whole);
    }
    if (exact && abs(exact->get_num()) <= max_fold && exact->get_den() <= max_fold) {
      const auto index = exact->get_den().get_ui();
      const Maybe rooted = index == 1 ? Maybe(base) : real_root(base, index);
      return rooted ? integer_power(*rooted, exact->get_num().get_si()) : std::nullopt;
    }
    if (how_.real_only && !base.re.positive()) return std::nullopt;
    return general_power(base, exponent);
  }

  Maybe real_root(const Box& radicand, unsigned long index) const {
    const bool real = radicand.real && (radicand.re.nonnegative() || index % 2 != 0);
    if (how_.real_only && !real) return std::nullopt;
    return nth_root(radicand, index);
  }

  Maybe root(const MathExpr& expr, const Box& radicand, const Box& index) const {
    const std::optional<mpq_class> exact = rational_of(expr.args[1]);
    if (exact && exact->get_den() == 1 && *exact > 0 && *exact <= 10'000) {
      return real_root(radicand, exact->get_num().get_ui());
    }
    if (how_.real_only && !radicand.re.positive()) return std::nullopt;
    const Maybe exponent = divide(number(1), index);
    return exponent ? general_power(radicand, *exponent) : std::nullopt;
  }

  Maybe function(const std::string& name, std::vector<Box>& args) {
    const Box& a = args[0];
    if (name == "sin") return sine(a);
    if (name == "cos") return cosine(a);
    if (name == "tan") return divide(sine(a), cosine(a));
    if (name == "cot") return divide(cosine(a), sine(a));
    if (name == "sec") return divide(number(1), cosine(a));
    if (name == "csc") return divide(number(1), sine(a));
    if (name == "ln" || name == "log") return log_of(args);
    if (name == "abs") {
      return Box(a.real ? apply(mpfi_abs, a.re) : apply(mpfi_hypot, a.re, a.im));
    }
    if (name == "re") return Box(a.re);
    if (name == "im") return Box(a.im);
    if (name == "conj") return a.real ? a : Box(a.re, apply(mpfi_neg, a.im));
    if (name == "arg")
      return logarithm(a) ? Maybe(Box(apply(mpfi_atan2, a.im, a.re))) : std::nullopt;
    for (const Box& arg : args) {
      if (!arg.real) return std::nullopt;
    }
    return real_function(name, args);
  }

  Maybe log_of(const std::vector<Box>& args) const {
    if (how_.real_only && !(args[0].real && args[0].re.positive())) return std::nullopt;
    Maybe top = logarithm(args[0]);
    if (args.size() == 1 || !top) return top;
    const Maybe bottom = logarithm(args[1]);
    return bottom ? divide(*top, *bottom) : std::nullopt;
  }

  Maybe real_function(const std::string& name, std::vector<Box>& args) {
    const Interval& a = args[0].re;
    if (name == "floor" || name == "ceil") return rounded(a, name == "ceil");
    if (name == "sgn") {
      if (a.positive()) return number(1);
      return a.negative() ? Maybe(number(-1)) : std::nullopt;
    }
    if (name == "max" || name == "min") return extreme(args, name == "max");
    if (name == "factorial2") return double_factorial(a);
    if (name == "binomial" && args.size() == 2) return choose(a, args[1].re);
    if (name == "arccot") return Box(apply(mpfi_sub, half_pi(), apply(mpfi_atan, a)));
    const bool inverse = name == "arcsec" || name == "arccsc";
    if (inverse && a.has_zero()) return std::nullopt;
    const Interval x = inverse ? apply(mpfi_inv, a) : a;
    const bool in_unit =
        mpfr_cmp_si(&x.get()->left, -1) >= 0 && mpfr_cmp_si(&x.get()->right, 1) <= 0;
    if (name == "arcsin" || name == "arccsc")
      return in_unit ? Maybe(Box(apply(mpfi_asin, x))) : std::nullopt;
    if (name == "arccos" || name == "arcsec")
      return in_unit ? Maybe(Box(apply(mpfi_acos, x))) : std::nullopt;
    constexpr std::pair<const char*, Unary> direct[] = {
        {"arctan", mpfi_atan},  {"sinh", mpfi_sinh},   {"cosh", mpfi_cosh}, {"tanh", mpfi_tanh},
        {"coth", mpfi_coth},    {"sech", mpfi_sech},   {"csch", mpfi_csch}, {"arsinh", mpfi_asinh},
        {"arcosh", mpfi_acosh}, {"artanh", mpfi_atanh}};
    for (const auto& [known_name, unary] : direct) {
      if (name == known_name) return Box(apply(unary, a));
    }
    return std::nullopt;
  }

  Maybe double_factorial(const Interval& a) const {
    constexpr long max_argument = 1000;
    const auto n = a.integer();
    if (!n || *n < -1 || *n > max_argument) return std::nullopt;
    mpz_class product;
    mpz_2fac_ui(product.get_mpz_t(), *n < 0 ? 1 : n->get_ui());
    return number(mpq_class(product));
  }

  Interval half_pi() const { return apply(mpfi_div, pi().re, Interval(how_.bits, mpq_class(2))); }

  Maybe rounded(const Interval& a, bool up) const {
    const auto floor = up ? apply(mpfi_neg, a).floor() : a.floor();
    if (!floor) return std::nullopt;
    return number(up ? mpq_class(-*floor) : mpq_class(*floor));
  }

  static Maybe extreme(const std::vector<Box>& args, bool largest) {
    Interval result = args[0].re;
    for (const Box& arg : args) {
      const auto better = largest ? mpfr_max : mpfr_min;
      better(&result.get()->left, &result.get()->left, &arg.re.get()->left, MPFR_RNDD);
      better(&result.get()->right, &result.get()->right, &arg.re.get()->right, MPFR_RNDU);
    }
    return Box(std::move(result));
  }

  /// n (n-1) ... / k! for a small whole k; by Gamma otherwise.
  Maybe choose(const Interval& n, const Interval& k) {
    constexpr long max_steps = 1000;
    const auto whole = k.integer();
    const Interval one(how_.bits, mpq_class(1));
    if (whole && *whole >= 0 && *whole <= max_steps) {
      Interval result = one;
      *how_.work += whole->get_si() * static_cast<long>(how_.bits / 64);
      for (long step = 0; step < whole->get_si(); ++step) {
        const Interval term = apply(mpfi_sub, n, Interval(how_.bits, mpq_class(step)));
        result = apply(mpfi_div, apply(mpfi_mul, result, term),
                       Interval(how_.bits, mpq_class(step + 1)));
      }
      return Box(std::move(result));
    }
    const auto top = factorial(n);
    const auto left = factorial(k);
    const auto right = factorial(apply(mpfi_sub, n, k));
    if (!top || !left || !right) return std::nullopt;
    return divide(Box(*top), multiply(Box(*left), Box(*right)));
  }

  const Evaluation& how_;
};

}  // namespace

std::optional<Box> evaluate(const MathExpr& expr, const Evaluation& evaluation) {
  return Evaluator(evaluation).run(expr);
}

}  // namespace assay::evals
