// Expressions as rational functions.
#include <algorithm>
#include <utility>

#include "evals/common/rational_function.h"

namespace assay::evals {
namespace {

using Op = MathExpr::Op;

std::optional<long> as_long(const mpq_class& value) {
  if (value.get_den() != 1 || !value.get_num().fits_slong_p()) return std::nullopt;
  return value.get_num().get_si();
}

mpz_class floor_of(const mpq_class& value) {
  mpz_class result;
  mpz_fdiv_q(result.get_mpz_t(), value.get_num_mpz_t(), value.get_den_mpz_t());
  return result;
}

bool is_root_of_negative_even(const mpq_class& base, const mpq_class& exponent) {
  return base < 0 && exponent.get_den() % 2 == 0;
}

}  // namespace

Algebra::Form Algebra::canonical(const MathExpr& expr) {
  if (over_budget_) return std::nullopt;
  switch (expr.op) {
    case Op::number:
      return constant_function(expr.value);
    case Op::symbol:
      return atom_power(atom("v" + expr.name, AtomKind::variable), 1);
    case Op::constant:
      if (expr.name == "i") return atom_power(atom("i", AtomKind::imaginary), 1);
      has_pi_ = has_pi_ || expr.name == "pi";
      has_e_ = has_e_ || expr.name == "e";
      return atom_power(atom("c" + expr.name, AtomKind::variable), 1);
    case Op::hole:
      return atom_power(atom("hole", AtomKind::variable), 1);
    case Op::power:
      return power(expr.args[0], expr.args[1]);
    case Op::root: {
      const Form base = canonical(expr.args[0]);
      const Form index = canonical(expr.args[1]);
      if (!base || !index) return std::nullopt;
      const std::optional<mpq_class> n = constant_value(*index);
      if (!n || *n == 0) return opaque("root", {*base, *index});
      return rational_power(*base, 1 / *n);
    }
    case Op::plus_minus:
    case Op::minus_plus:
      return std::nullopt;
    default:
      return fold(expr);
  }
}

/// Operations on the canonical forms of all arguments.
Algebra::Form Algebra::fold(const MathExpr& expr) {
  std::vector<RationalFunction> args;
  for (const MathExpr& arg : expr.args) {
    Form form = canonical(arg);
    if (!form) return std::nullopt;
    args.push_back(std::move(*form));
  }
  Form result = args.empty() ? Form{} : Form{args[0]};
  switch (expr.op) {
    case Op::add:
      for (std::size_t i = 1; i < args.size() && result; ++i) result = sum(*result, args[i]);
      return result;
    case Op::multiply:
      for (std::size_t i = 1; i < args.size() && result; ++i) result = times(*result, args[i]);
      return result;
    case Op::negate:
      return times(args[0], constant_function(-1));
    case Op::divide: {
      const Form divisor = inverse(args[1]);
      return divisor ? times(args[0], *divisor) : std::nullopt;
    }
    case Op::degrees: {
      has_pi_ = true;
      const Form turn = atom_power(atom("cpi", AtomKind::variable), 1);
      result = times(args[0], *turn);
      return result ? times(*result, constant_function(mpq_class(1, 180))) : result;
    }
    case Op::percent:
      return times(args[0], constant_function(mpq_class(1, 100)));
    case Op::factorial:
      if (const auto n = constant_value(args[0])) return factorial(*n);
      return opaque("!", args);
    case Op::function:
      return exact_function(expr, args);
    default:
      return opaque("f" + expr.name, args);
  }
}

Algebra::Form Algebra::factorial(const mpq_class& n) {
  const std::optional<long> whole = as_long(n);
  if (!whole) return n.get_den() == 1 ? fail() : opaque("!", {constant_function(n)});
  if (*whole < 0) return std::nullopt;
  if (*whole > max_exponent) return fail();
  mpz_class value;
  mpz_fac_ui(value.get_mpz_t(), static_cast<unsigned long>(*whole));
  return constant_function(value);
}

/// Functions with exact values at rational arguments; any other is an atom of its own.
Algebra::Form Algebra::exact_function(const MathExpr& expr,
                                      const std::vector<RationalFunction>& args) {
  std::vector<mpq_class> values;
  for (const RationalFunction& arg : args) {
    if (const auto value = constant_value(arg)) values.push_back(*value);
  }
  const std::string& name = expr.name;
  const bool constant = values.size() == args.size() && !values.empty();
  if (!constant) return opaque(name, args);
  if (name == "abs") return constant_function(abs(values[0]));
  if (name == "floor") return constant_function(floor_of(values[0]));
  if (name == "ceil") return constant_function(-floor_of(-values[0]));
  if (name == "max") return constant_function(*std::max_element(values.begin(), values.end()));
  if (name == "min") return constant_function(*std::min_element(values.begin(), values.end()));
  if (name == "re" || name == "conj") return constant_function(values[0]);
  if (name == "im") return constant_function(0);
  if (name == "sgn") return constant_function(sgn(values[0]));
  const bool whole = std::all_of(values.begin(), values.end(),
                                 [](const mpq_class& v) { return v.get_den() == 1; });
  if (whole && (name == "gcd" || name == "lcm")) {
    mpz_class result = values[0].get_num();
    for (const mpq_class& value : values) {
      result = name == "gcd" ? mpz_class(gcd(result, value.get_num()))
                             : mpz_class(lcm(result, value.get_num()));
      if (mpz_sizeinbase(result.get_mpz_t(), 2) > max_result_bits) return fail();
    }
    return constant_function(result);
  }
  if (whole && name == "binomial" && values.size() == 2 && values[1] >= 0) {
    const std::optional<long> k = as_long(values[1]);
    const bool small =
        mpz_sizeinbase(values[0].get_num_mpz_t(), 2) * (k ? *k : 0) <= max_result_bits;
    if (!k || *k > max_exponent || !small) return fail();
    mpz_class result;
    mpz_bin_ui(result.get_mpz_t(), values[0].get_num_mpz_t(), static_cast<unsigned long>(*k));
    return constant_function(result);
  }
  if ((name == "ln" || name == "log") && values[0] == 1) return constant_function(0);
  return opaque(name, args);
}

Algebra::Form Algebra::opaque(const std::string& name, const std::vector<RationalFunction>& args) {
  std::string key = "o" + name;
  for (const RationalFunction& arg : args) key += '(' + form_text(arg) + ')';
  return atom_power(atom(key, AtomKind::opaque), 1);
}

Algebra::Form Algebra::atom_power(int id, const mpq_class& exponent) {
  if (exponent == 0) return constant_function(1);
  if (abs(exponent.get_num()) > max_exponent || exponent.get_den() > max_exponent) return fail();
  RationalFunction form;
  const AtomPower power{id, static_cast<int>(exponent.get_num().get_si()),
                        static_cast<int>(exponent.get_den().get_si())};
  const bool prime = atoms_[static_cast<std::size_t>(id)].kind == AtomKind::prime;
  if (prime || power.num > 0) {
    // multiply_terms brings a prime's exponent into [0, 1) only where two powers meet.
    form.numerator[{power}] = 1;
    form.denominator[{}] = 1;
  } else {
    form.numerator[{}] = 1;
    form.denominator[{{id, -power.num, power.den}}] = 1;
  }
  return form;
}

Algebra::Form Algebra::power(const MathExpr& base, const MathExpr& exponent) {
  const Form b = canonical(base);
  const Form e = canonical(exponent);
  if (!b || !e) return std::nullopt;
  if (const auto value = constant_value(*e)) {
    if (value->get_den() == 1) {
      if (const std::optional<long> n = as_long(*value)) {
        if (*n < 0 && b->numerator.empty()) return std::nullopt;
        return integer_power(*b, *n);
      }
      return fail();
    }
    return rational_power(*b, *value);
  }
  return symbolic_power(*b, *e);
}

/// a^(2x+3y+1) as (a^x)^2 (a^y)^3 a: true for every base, since the exponents are integers.
Algebra::Form Algebra::symbolic_power(const RationalFunction& base,
                                      const RationalFunction& exponent) {
  const bool polynomial =
      exponent.denominator.size() == 1 && exponent.denominator.begin()->first.empty();
  if (!polynomial) return opaque("^", {base, exponent});
  const mpq_class divisor = exponent.denominator.begin()->second;
  Form result = constant_function(1);
  for (const auto& [monomial, coefficient] : exponent.numerator) {
    const mpq_class factor = coefficient / divisor;
    Form part;
    if (monomial.empty()) {
      const std::optional<long> n = as_long(factor);
      part = n ? integer_power(base, *n) : rational_power(base, factor);
    } else {
      RationalFunction unit = constant_function(0);
      unit.numerator[monomial] = mpq_class(1, factor.get_den());
      Form atom_form = opaque("^", {base, unit});
      const std::optional<long> n = as_long(mpq_class(factor.get_num()));
      part = atom_form && n ? integer_power(*atom_form, *n) : std::nullopt;
    }
    result = result && part ? times(*result, *part) : std::nullopt;
  }
  return result;
}

Algebra::Form Algebra::rational_power(const RationalFunction& base, const mpq_class& exponent) {
  if (const std::optional<long> n = as_long(exponent)) return integer_power(base, *n);
  if (const auto value = constant_value(base)) return constant_power(*value, exponent);
  // c x: the radical of the coefficient by itself, x to the power by itself. Only one factor, to
  // the first power: the root of x^2 is not x.
  const bool single = base.numerator.size() == 1 && base.denominator.size() == 1 &&
                      base.denominator.begin()->first.empty();
  if (single) {
    const auto& [monomial, coefficient] = *base.numerator.begin();
    const mpq_class scale = coefficient / base.denominator.begin()->second;
    const bool plain =
        monomial.size() == 1 && monomial[0].num == 1 && monomial[0].den == 1 &&
        atoms_[static_cast<std::size_t>(monomial[0].atom)].kind == AtomKind::variable;
    if (scale > 0 && plain) {
      const Form constant = constant_power(scale, exponent);
      const Form variable = atom_power(monomial[0].atom, exponent);
      return constant && variable ? times(*constant, *variable) : std::nullopt;
    }
  }
  return opaque("^", {base, constant_function(exponent)});
}

/// A rational to a rational power, as radicals of primes.
Algebra::Form Algebra::constant_power(const mpq_class& base, const mpq_class& exponent) {
  if (base == 0) {
    return exponent > 0 ? Form{constant_function(0)} : std::nullopt;
  }
  if (is_root_of_negative_even(base, exponent) && exponent.get_den() != 2) {
    return opaque("^", {constant_function(base), constant_function(exponent)});
  }
  const Form numerator = prime_powers(abs(base.get_num()), exponent, false);
  const Form denominator = prime_powers(base.get_den(), exponent, true);
  if (!numerator || !denominator) return std::nullopt;
  Form result = times(*numerator, *denominator);
  if (base > 0 || !result) return result;
  // Odd roots of negative numbers are real; square roots are imaginary.
  if (exponent.get_den() != 2) {
    const bool odd = exponent.get_num() % 2 != 0;
    return odd ? times(*result, constant_function(-1)) : result;
  }
  const std::optional<long> n = as_long(mpq_class(exponent.get_num()));
  const Form i = atom_power(atom("i", AtomKind::imaginary), 1);
  const Form turned = n && i ? integer_power(*i, *n) : std::nullopt;
  return turned ? times(*result, *turned) : std::nullopt;
}

Algebra::Form Algebra::prime_powers(mpz_class value, const mpq_class& exponent, bool invert) {
  constexpr unsigned long trial_limit = 20'000;
  const mpq_class signed_exponent = invert ? mpq_class(-exponent) : exponent;
  if (abs(signed_exponent.get_num()) > max_exponent || signed_exponent.get_den() > max_exponent) {
    return fail();
  }
  Form result = constant_function(1);
  const auto multiply = [&](const mpz_class& prime, unsigned long times_found, bool is_prime) {
    mpq_class power = signed_exponent * mpq_class(times_found);
    const mpz_class whole = floor_of(power);
    power -= whole;
    if (!whole.fits_slong_p()) {
      over_budget_ = true;
      return;
    }
    const Form constant = integer_power(constant_function(prime), whole.get_si());
    const std::string key = "p" + prime.get_str();
    const int id = power == 0 ? -1 : atom(key, AtomKind::prime, prime);
    if (!is_prime && id >= 0) opaque_ = true;  // a composite radicand may hide other primes
    const Form radical = id < 0 ? Form{constant_function(1)} : atom_power(id, power);
    result = result && constant ? times(*result, *constant) : std::nullopt;
    result = result && radical ? times(*result, *radical) : std::nullopt;
  };
  for (unsigned long p = 2; p <= trial_limit && value > 1 && !over_budget_; p += p == 2 ? 1 : 2) {
    if (p > 2 && value < mpz_class(p) * p) break;
    unsigned long found = 0;
    while (mpz_divisible_ui_p(value.get_mpz_t(), p) != 0) {
      value /= p;
      ++found;
      if (++work_ > max_algebra_work) over_budget_ = true;
    }
    if (found > 0) multiply(mpz_class(p), found, true);
  }
  if (value > 1 && !over_budget_) {
    constexpr std::size_t max_radicand_bits = 512;
    if (mpz_sizeinbase(value.get_mpz_t(), 2) > max_radicand_bits) return fail();
    mpz_class root;
    unsigned long found = 1;
    for (unsigned long n = 2; n <= 64; ++n) {
      while (mpz_root(root.get_mpz_t(), value.get_mpz_t(), n) != 0) {
        value = root;
        found *= n;
      }
    }
    multiply(value, found, mpz_probab_prime_p(value.get_mpz_t(), 30) != 0);
  }
  if (over_budget_) return std::nullopt;
  return result;
}

}  // namespace assay::evals
