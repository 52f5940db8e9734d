#include "evals/chain/arithmetic/polynomial.h"

#include <utility>

namespace assay::chain {
namespace {

std::optional<mpq_class> difference(const Expression& left, const Expression* right,
                                    const Values& values) {
  const auto a = evaluate(left, 0, values);
  if (!a || !a->is_exact()) return std::nullopt;
  if (right == nullptr) return a->low;
  const auto b = evaluate(*right, 0, values);
  if (!b || !b->is_exact()) return std::nullopt;
  return a->low - b->low;
}

/// The polynomial through (0, y[0]), (1, y[1]), ...: Newton's divided differences.
Polynomial through(std::vector<mpq_class> y) {
  const std::size_t n = y.size();
  for (std::size_t order = 1; order < n; ++order) {
    for (std::size_t i = n - 1; i >= order; --i) {
      y[i] = (y[i] - y[i - 1]) / mpq_class(static_cast<unsigned long>(order));
    }
  }
  // Horner: multiply by (x - i) and add the next coefficient.
  std::vector<mpq_class> out;
  for (std::size_t i = n; i-- > 0;) {
    std::vector<mpq_class> next(out.size() + 1);
    for (std::size_t k = 0; k < out.size(); ++k) {
      next[k + 1] += out[k];
      next[k] -= out[k] * mpq_class(static_cast<unsigned long>(i));
    }
    next[0] += y[i];
    out = std::move(next);
  }
  while (!out.empty() && out.back() == 0) out.pop_back();
  return {std::move(out)};
}

}  // namespace

mpq_class Polynomial::at(const mpq_class& x) const {
  mpq_class value = 0;
  for (std::size_t i = coefficients.size(); i-- > 0;) value = value * x + coefficients[i];
  return value;
}

bool Polynomial::proportional(const Polynomial& other) const {
  if (coefficients.size() != other.coefficients.size()) return false;
  if (coefficients.empty()) return true;
  const mpq_class factor = coefficients.back() / other.coefficients.back();
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    if (coefficients[i] != factor * other.coefficients[i]) return false;
  }
  return true;
}

std::optional<Polynomial> polynomial_of(const Expression& left, const Expression* right,
                                        const std::set<std::string>& variables,
                                        const Values& values) {
  if (readings_of(left) != 0 || (right != nullptr && readings_of(*right) != 0)) return std::nullopt;
  Values at = values;
  const auto value_at = [&](const mpq_class& x) {
    int factor = 0;
    for (const std::string& name : variables) at.variables[name] = Number::exact(x * ++factor);
    return difference(left, right, at);
  };
  std::vector<mpq_class> samples;
  for (std::size_t i = 0; i <= max_polynomial_degree; ++i) {
    const auto sample = value_at(mpq_class(static_cast<unsigned long>(i)));
    if (!sample) return std::nullopt;
    samples.push_back(*sample);
  }
  Polynomial out = through(std::move(samples));
  for (const mpq_class& x : {mpq_class(-7, 2), mpq_class(29)}) {
    const auto sample = value_at(x);
    if (!sample || *sample != out.at(x)) return std::nullopt;
  }
  return out;
}

}  // namespace assay::chain
