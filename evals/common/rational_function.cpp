// Arithmetic of rational functions; canonical_form.cpp turns expressions into them.
#include "evals/common/rational_function.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace assay::evals {
namespace {

std::size_t bits_of(const mpq_class& value) {
  return mpz_sizeinbase(value.get_num_mpz_t(), 2) + mpz_sizeinbase(value.get_den_mpz_t(), 2);
}

/// Floor division of machine integers.
int floor_div(int a, int b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

}  // namespace

RationalFunction constant_function(mpq_class value) {
  RationalFunction form;
  if (value != 0) form.numerator[{}] = std::move(value);
  form.denominator[{}] = 1;
  return form;
}

std::optional<mpq_class> constant_value(const RationalFunction& form) {
  const auto constant = [](const Polynomial& p) -> std::optional<mpq_class> {
    if (p.empty()) return mpq_class(0);
    if (p.size() == 1 && p.begin()->first.empty()) return p.begin()->second;
    return std::nullopt;
  };
  const std::optional<mpq_class> numerator = constant(form.numerator);
  const std::optional<mpq_class> denominator = constant(form.denominator);
  if (!numerator || !denominator || *denominator == 0) return std::nullopt;
  return mpq_class(*numerator / *denominator);
}

std::string form_text(const RationalFunction& form) {
  const auto text = [](const Polynomial& p) {
    std::string out;
    for (const auto& [monomial, coefficient] : p) {
      out += '+' + coefficient.get_str();
      for (const AtomPower& power : monomial) {
        out += 'a' + std::to_string(power.atom) + '^' + std::to_string(power.num) + '/' +
               std::to_string(power.den);
      }
    }
    return out;
  };
  return text(form.numerator) + '|' + text(form.denominator);
}

int Algebra::atom(const std::string& key, AtomKind kind, const mpz_class& prime) {
  const auto [at, added] = ids_.try_emplace(key, static_cast<int>(atoms_.size()));
  if (added) atoms_.push_back({kind, prime});
  opaque_ = opaque_ || kind == AtomKind::opaque;
  surds_ = surds_ || kind == AtomKind::prime || kind == AtomKind::imaginary;
  return at->second;
}

Algebra::Form Algebra::fail() {
  over_budget_ = true;
  return std::nullopt;
}

bool Algebra::spend(const mpq_class& a, const mpq_class& b) {
  const std::size_t bits = bits_of(a) + bits_of(b);
  work_ += 1 + static_cast<long>(bits / 256);
  if (bits > 2 * max_result_bits || work_ > max_algebra_work) over_budget_ = true;
  return !over_budget_;
}

void Algebra::add_term(Polynomial& sum, Monomial monomial, const mpq_class& coefficient) {
  const auto [at, added] = sum.try_emplace(std::move(monomial), coefficient);
  if (added) {
    if (sum.size() > max_terms) over_budget_ = true;
    return;
  }
  if (!spend(at->second, coefficient)) return;
  at->second += coefficient;
  if (at->second == 0) sum.erase(at);
}

void Algebra::multiply_terms(Polynomial& out, const Polynomial::value_type& a,
                             const Polynomial::value_type& b) {
  if (!spend(a.second, b.second)) return;
  mpq_class coefficient = a.second * b.second;
  Monomial monomial;
  auto left = a.first.begin();
  auto right = b.first.begin();
  while (left != a.first.end() || right != b.first.end()) {
    if (right == b.first.end() || (left != a.first.end() && left->atom < right->atom)) {
      monomial.push_back(*left++);
      continue;
    }
    if (left == a.first.end() || right->atom < left->atom) {
      monomial.push_back(*right++);
      continue;
    }
    const long den = std::lcm<long>(left->den, right->den);
    long num = left->num * (den / left->den) + right->num * (den / right->den);
    const long common = std::gcd(num, den);
    AtomPower power{left->atom, static_cast<int>(num / common), static_cast<int>(den / common)};
    ++left;
    ++right;
    if (std::labs(num) > max_exponent * den || den > max_exponent) {
      over_budget_ = true;
      return;
    }
    const Atom& atom = atoms_[static_cast<std::size_t>(power.atom)];
    if (atom.kind == AtomKind::prime) {
      const int whole = floor_div(power.num, power.den);
      power.num -= whole * power.den;
      mpz_class factor;
      mpz_pow_ui(factor.get_mpz_t(), atom.prime.get_mpz_t(),
                 static_cast<unsigned long>(std::abs(whole)));
      coefficient = whole >= 0 ? mpq_class(coefficient * factor) : mpq_class(coefficient / factor);
    } else if (atom.kind == AtomKind::imaginary && power.den == 1) {
      const int turns = ((power.num % 4) + 4) % 4;
      if (turns >= 2) coefficient = -coefficient;
      power.num = turns % 2;
    }
    if (power.num != 0) monomial.push_back(power);
  }
  add_term(out, std::move(monomial), coefficient);
}

Polynomial Algebra::product(const Polynomial& a, const Polynomial& b) {
  Polynomial out;
  for (const auto& left : a) {
    for (const auto& right : b) {
      multiply_terms(out, left, right);
      if (over_budget_) return {};
    }
  }
  return out;
}

Algebra::Form Algebra::sum(const RationalFunction& a, const RationalFunction& b) {
  RationalFunction result;
  if (a.denominator == b.denominator) {
    result = a;
    for (const auto& [monomial, coefficient] : b.numerator) {
      add_term(result.numerator, monomial, coefficient);
    }
  } else {
    result.numerator = product(a.numerator, b.denominator);
    for (const auto& [monomial, coefficient] : product(b.numerator, a.denominator)) {
      add_term(result.numerator, monomial, coefficient);
    }
    result.denominator = product(a.denominator, b.denominator);
  }
  if (over_budget_) return std::nullopt;
  return result;
}

Algebra::Form Algebra::times(const RationalFunction& a, const RationalFunction& b) {
  RationalFunction result{product(a.numerator, b.numerator), product(a.denominator, b.denominator)};
  if (over_budget_) return std::nullopt;
  // A denominator of one term joins the numerator: x/2 and (1/2)x have one form.
  if (result.denominator.size() == 1 && result.denominator.begin()->first.empty()) {
    const mpq_class divisor = result.denominator.begin()->second;
    for (auto& [monomial, coefficient] : result.numerator) coefficient /= divisor;
    result.denominator.begin()->second = 1;
  }
  return result;
}

Algebra::Form Algebra::inverse(RationalFunction a) const {
  if (a.numerator.empty()) return std::nullopt;
  std::swap(a.numerator, a.denominator);
  return a;
}

Algebra::Form Algebra::integer_power(const RationalFunction& base, long exponent) {
  if (std::labs(exponent) > max_exponent) return fail();
  std::size_t bits = 0;
  for (const Polynomial* p : {&base.numerator, &base.denominator}) {
    for (const auto& [monomial, coefficient] : *p) bits = std::max(bits, bits_of(coefficient));
  }
  // Powers of ±1 stay small.
  if (bits > 2 && bits * static_cast<std::size_t>(std::labs(exponent)) > max_result_bits) {
    return fail();
  }
  Form result = constant_function(1);
  Form square = base;
  for (long n = std::labs(exponent); n > 0 && result && square; n /= 2) {
    if (n % 2 != 0) result = times(*result, *square);
    if (n > 1) square = times(*square, *square);
  }
  if (!result || !square) return std::nullopt;
  return exponent < 0 ? inverse(std::move(*result)) : result;
}

std::optional<bool> Algebra::equal(const RationalFunction& a, const RationalFunction& b) {
  const Polynomial left = product(a.numerator, b.denominator);
  const Polynomial right = product(b.numerator, a.denominator);
  if (over_budget_) return std::nullopt;
  return left == right;
}

bool Algebra::same_zeros(const RationalFunction& a, const RationalFunction& b) const {
  const Polynomial& left = a.numerator;
  const Polynomial& right = b.numerator;
  if (left.size() != right.size() || left.empty()) return left.empty() && right.empty();
  const mpq_class ratio = left.begin()->second / right.begin()->second;
  return std::equal(left.begin(), left.end(), right.begin(), [&](const auto& l, const auto& r) {
    return l.first == r.first && l.second == ratio * r.second;
  });
}

}  // namespace assay::evals
