#include "evals/common/compat/symbolic.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "evals/common/compat/mp_complex.h"
#include "evals/common/compat/python_text.h"

namespace assay::evals::compat {
namespace {

using Op = MathExpr::Op;

constexpr int kPoints = 12;
constexpr int kPointsNeeded = 3;
/// Agreement: 1e-40 of the larger value, or of 1e-15 where both are smaller.
constexpr double kAgreement = 1e-40;
constexpr double kSmallest = 1e-15;

/// FNV-1a; any fixed mixing of a name and a number would do.
std::uint64_t hash_of(std::string_view name, std::uint64_t seed) {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ (seed * 0x9E3779B97F4A7C15ULL);
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  hash ^= hash >> 29U;
  hash *= 0xBF58476D1CE4E5B9ULL;
  return hash ^ (hash >> 32U);
}

/// A number between -limit and limit, a power of two, in steps of limit / 2^21; never 0.
Real coordinate(std::string_view name, std::uint64_t seed, double limit) {
  const auto step = static_cast<double>(hash_of(name, seed) % (1U << 22U)) - (1U << 21U) + 0.5;
  return Real(limit * step / (1U << 21U));
}

/// Small and large complex numbers, each with its opposite, and negative real ones: principal
/// values of roots and logarithms part there.
Complex point_of(std::string_view name, std::uint64_t seed) {
  const std::uint64_t pair = seed / 2;
  const double limit = pair % 2 == 0 ? 2 : 64;
  const Complex point = {coordinate(name, 2 * pair, limit), coordinate(name, 2 * pair + 1, limit)};
  if (seed % 6 == 5) return {Real() - modulus(point), Real()};
  return seed % 2 == 0 ? point : Complex{} - point;
}

/// An unknown function of known arguments: a fixed cubic of each, different for every name.
Complex unknown_function(const std::string& name, const std::vector<Complex>& args) {
  Complex sum = point_of(name, 1000 + args.size());
  std::uint64_t seed = 1001;
  for (const Complex& arg : args) {
    Complex power = arg;
    for (int degree = 1; degree <= 3; ++degree, power = power * arg) {
      sum = sum + point_of(name, ++seed * 7) * power;
    }
  }
  return sum;
}

using Value = std::optional<Complex>;

Value evaluate(const MathExpr& expr, std::uint64_t seed);

std::optional<std::vector<Complex>> evaluate_all(const MathExpr& expr, std::uint64_t seed) {
  std::vector<Complex> values;
  for (const MathExpr& arg : expr.args) {
    Value value = evaluate(arg, seed);
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return values;
}

Value constant(const std::string& name) {
  Complex value;
  if (name == "pi") mpfr_const_pi(value.re.get(), MPFR_RNDN);
  if (name == "e") {
    mpfr_set_ui(value.re.get(), 1, MPFR_RNDN);
    mpfr_exp(value.re.get(), value.re.get(), MPFR_RNDN);
  }
  if (name == "i") mpfr_set_ui(value.im.get(), 1, MPFR_RNDN);
  if (is_zero(value)) return std::nullopt;  // infinity
  return value;
}

/// n! / (k! (n - k)!) for integers in range.
Value binomial(const Complex& n, const Complex& k) {
  const Value top = apply_function("factorial", n);
  const Value chosen = apply_function("factorial", k);
  const Value rest = apply_function("factorial", n - k);
  if (!top || !chosen || !rest) return std::nullopt;
  return divide(*top, *chosen * *rest);
}

Value function_value(const std::string& name, const std::vector<Complex>& args) {
  if (name == "log") {
    Value log = natural_log(args[0]);
    if (args.size() == 1 || !log) return log;
    const Value base = natural_log(args[1]);
    return base ? divide(*log, *base) : std::nullopt;
  }
  if (name == "binomial") {
    const Value value = binomial(args[0], args[1]);
    return value ? value : unknown_function(name, args);
  }
  Value value = apply_function(name, args[0]);
  if (!value && name == "factorial") return unknown_function(name, args);
  return value;
}

Value evaluate(const MathExpr& expr, std::uint64_t seed) {
  if (expr.op == Op::number) return Complex{Real(expr.value), Real()};
  if (expr.op == Op::symbol) return point_of(expr.name, seed);
  if (expr.op == Op::constant) return constant(expr.name);
  const auto args = evaluate_all(expr, seed);
  if (!args) return std::nullopt;
  switch (expr.op) {
    case Op::add:
      return (*args)[0] + (*args)[1];
    case Op::multiply:
      return (*args)[0] * (*args)[1];
    case Op::negate:
      return Complex{} - (*args)[0];
    case Op::divide:
      return divide((*args)[0], (*args)[1]);
    case Op::power: {
      const bool square_root_of = expr.args[1].op == Op::divide && (*args)[1].im.is_zero() &&
                                  (*args)[1].re.to_double() == 0.5;
      return square_root_of ? square_root((*args)[0]) : power((*args)[0], (*args)[1]);
    }
    case Op::function:
      return function_value(expr.name, *args);
    case Op::apply:
      return unknown_function(expr.name, *args);
    default:
      return std::nullopt;
  }
}

bool has_symbols(const MathExpr& expr) {
  if (expr.op == Op::symbol || expr.op == Op::apply) return true;
  return std::any_of(expr.args.begin(), expr.args.end(), has_symbols);
}

bool same_tree(const MathExpr& a, const MathExpr& b) {
  if (a.op != b.op || a.name != b.name || a.args.size() != b.args.size()) return false;
  if (a.op == Op::number && a.value != b.value) return false;
  return std::equal(a.args.begin(), a.args.end(), b.args.begin(), same_tree);
}

bool agree(const Complex& a, const Complex& b) {
  Real size = modulus(a);
  if (size < modulus(b)) size = modulus(b);
  if (size < Real(kSmallest)) size = Real(kSmallest);
  return modulus(a - b) < size * Real(kAgreement);
}

/// Both real, and close as doubles.
bool close(const Complex& a, const Complex& b, double tolerance) {
  const auto is_real = [](const Complex& z) { return agree(z, Complex{z.re, Real()}); };
  if (tolerance <= 0 || !is_real(a) || !is_real(b)) return false;
  const double x = a.re.to_double();
  const double y = b.re.to_double();
  if (!std::isfinite(x) || !std::isfinite(y)) return false;
  return x == y || std::abs(x - y) <= tolerance * std::max(std::abs(x), std::abs(y));
}

Sameness decided(bool same) {
  return same ? Sameness::same : Sameness::different;
}

/// At every point where both have a value, `test` must hold; nowhere a value: different.
template <typename Test>
Sameness same_at_points(const MathExpr& a, const MathExpr& b, Test test) {
  int agreed = 0;
  for (std::uint64_t seed = 1; seed <= kPoints; ++seed) {
    const Value x = evaluate(a, seed);
    const Value y = evaluate(b, seed);
    if (!x || !y) continue;
    if (!test(*x, *y)) return Sameness::different;
    ++agreed;
  }
  return decided(agreed >= kPointsNeeded);
}

SympyRead read_text(std::string_view text) {
  std::string single(text);
  replace_all(single, "\\\\", "\\");
  SympyRead read = read_sympy_latex(single);
  if (read.status == SympyRead::Status::text) read = read_sympy_latex(text);
  if (read.status == SympyRead::Status::text) read = read_sympy_plain(text, {});
  return read;
}

MathExpr difference(const SympyRead& relation) {
  MathExpr right;
  right.op = Op::negate;
  right.args = {relation.right};
  MathExpr expr;
  expr.op = Op::add;
  expr.args = {relation.left, std::move(right)};
  return expr;
}

/// {1,2} in Python's sense: both read as sets of plain expressions, each in the other.
Sameness same_sets(std::string_view a, std::string_view b) {
  const auto elements = [](std::string_view text) {
    std::vector<SympyRead> items;
    const bool set = text.size() > 2 && text.front() == '{' && text.back() == '}';
    if (!set || count(text, ",") > 64) return items;
    for (const std::string_view item : split(text.substr(1, text.size() - 2), ",")) {
      items.push_back(read_sympy_plain(item, {}));
      if (items.back().status != SympyRead::Status::expression) return std::vector<SympyRead>();
    }
    return items;
  };
  const std::vector<SympyRead> x = elements(a);
  const std::vector<SympyRead> y = elements(b);
  if (x.empty() || y.empty()) return Sameness::different;
  const auto within = [](const std::vector<SympyRead>& items, const std::vector<SympyRead>& set) {
    return std::all_of(items.begin(), items.end(), [&set](const SympyRead& item) {
      return std::any_of(set.begin(), set.end(), [&item](const SympyRead& other) {
        return same_expression(item.left, other.left, 0) == Sameness::same;
      });
    });
  };
  return decided(within(x, y) && within(y, x));
}

}  // namespace

Sameness same_expression(const MathExpr& a, const MathExpr& b, double tolerance) {
  if (same_tree(a, b)) return Sameness::same;
  if (has_symbols(a) || has_symbols(b)) return same_at_points(a, b, agree);
  const Value x = evaluate(a, 1);
  const Value y = evaluate(b, 1);
  return decided(x && y && (agree(*x, *y) || close(*x, *y, tolerance)));
}

Sameness symbolic_equal(std::string_view a, std::string_view b) {
  using Status = SympyRead::Status;
  const SympyRead x = read_text(a);
  const SympyRead y = read_text(b);
  if (x.status == Status::budget || y.status == Status::budget) return Sameness::budget;
  if (x.status == Status::text && y.status == Status::text) {
    return a == b ? Sameness::same : same_sets(a, b);
  }
  if (x.status != y.status) return Sameness::different;
  if (x.status == Status::expression) return same_expression(x.left, y.left, 1e-4);
  // Of relations the program compares |left - right|, and so takes < for >.
  return same_at_points(difference(x), difference(y), [](const Complex& p, const Complex& q) {
    return agree({modulus(p), Real()}, {modulus(q), Real()});
  });
}

}  // namespace assay::evals::compat
