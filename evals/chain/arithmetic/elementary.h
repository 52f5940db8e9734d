// Elementary functions of exact numbers, as intervals that hold the true value (MPFI).
#pragma once

#include <optional>
#include <string_view>

#include "evals/chain/arithmetic/number.h"

namespace assay::chain {

/// sin, cos, tan, cot, sec, csc, arcsin, arccos, arctan (in radians), ln, lg (decimal), exp.
/// Nothing: another name, a value outside the domain or one that the interval may leave.
std::optional<Number> elementary(std::string_view name, const Number& a);
/// log of `a` to `base`; exact where it is an integer.
std::optional<Number> logarithm(const Number& a, const Number& base);
/// gcd or lcm of exact integers.
std::optional<Number> common_divisor(const Number& a, const Number& b);
std::optional<Number> common_multiple(const Number& a, const Number& b);
/// The integer below or above; nothing where the interval holds more than one.
std::optional<Number> floor_of(const Number& a);
std::optional<Number> ceiling_of(const Number& a);
Number absolute_of(const Number& a);

}  // namespace assay::chain
