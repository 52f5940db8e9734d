#include "evals/chain/arithmetic/agreement.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

/// Bytes around a claim that are searched for words of rounding.
constexpr std::size_t context_bytes = 160;

mpq_class last_place(const MathToken& token) {
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::max(token.decimals, 0)));
  return {1, power};
}

/// One unit of the last decimal shown, if the exact value has more decimals than that: up, down
/// and to nearest are all in use. An exact value that fits must be met exactly.
mpq_class rounding_of(const MathToken& shown, const Number& exact) {
  if (shown.decimals < 1) return 0;
  mpq_class unit = last_place(shown);
  if (exact.is_exact() && mpq_class(exact.low / unit).get_den() == 1) return 0;
  return unit;
}

void remember_rounded(const Expression& left, const Expression& right, Values& values) {
  if (right.literal() != nullptr) {
    values.rounded.insert(literal_key(*right.literal()));
  } else if (left.literal() != nullptr) {
    values.rounded.insert(literal_key(*left.literal()));
  }
}

/// 1.000 and 1.234: perhaps thousands.
bool has_three_decimals(const Expression& expression) {
  return std::any_of(expression.nodes.begin(), expression.nodes.end(), [](const auto& node) {
    return node.op == Expression::Op::number && node.token->decimals == 3 && !node.token->cut &&
           node.token->value >= 1;
  });
}

/// 0.30000000000000004: what binary floating point prints.
bool is_floating_noise(const Number& a, const Number& b, const MathToken* shown) {
  constexpr int many_decimals = 12;
  if (shown == nullptr || shown->decimals < many_decimals) return false;
  const mpq_class difference = abs(mpq_class(a.low - b.low));
  return difference * 1'000'000'000'000L <= abs(a.low);
}

bool values_agree(const Number& a, const Expression& left, const Number& b, const Expression& right,
                  bool approximate, Values& values) {
  if (overlap(a, b)) {
    if (approximate) remember_rounded(left, right, values);
    return true;
  }
  const MathToken* shown = right.literal() != nullptr ? right.literal() : left.literal();
  if (is_floating_noise(a, b, shown)) return true;
  mpq_class tolerance = 0;
  if (shown != nullptr) tolerance = rounding_of(*shown, right.literal() != nullptr ? a : b);
  if (approximate) {
    // A sign that promises little: two percent, or one unit of the last digit shown.
    const mpq_class size = abs(a.low) > abs(b.low) ? abs(a.low) : abs(b.low);
    const mpq_class loose = size / 50;
    tolerance = std::max({tolerance, loose, shown != nullptr ? last_place(*shown) : mpq_class(0)});
  }
  if (tolerance == 0 || !overlap(widened(a, tolerance), b)) return false;
  remember_rounded(left, right, values);
  return true;
}

/// The values of all readings; nothing where one cannot be evaluated or there are too many.
std::optional<std::vector<Number>> all_readings(const Expression& expression,
                                                const Values& values) {
  const unsigned bits = readings_of(expression);
  if (std::popcount(bits) > max_reading_bits) return std::nullopt;
  std::vector<Number> out;
  for (unsigned reading = 0; reading <= Reading::all; ++reading) {
    if ((reading & ~bits) != 0) continue;
    const auto value = evaluate(expression, reading, values);
    if (!value) return std::nullopt;
    out.push_back(*value);
  }
  return out;
}

}  // namespace

std::optional<bool> agree(const Expression& left, const Expression& right, bool approximate,
                          Values& values) {
  const auto left_values = all_readings(left, values);
  if (!left_values) return std::nullopt;
  const auto right_values = all_readings(right, values);
  if (!right_values) return std::nullopt;
  for (const Number& a : *left_values) {
    for (const Number& b : *right_values) {
      if (values_agree(a, left, b, right, approximate, values)) return true;
    }
  }
  if (!values.points_group && (has_three_decimals(left) || has_three_decimals(right))) {
    values.points_group = true;
    const auto grouped = agree(left, right, approximate, values);
    values.points_group = false;
    if (grouped == true) return true;
  }
  if (!values.parts_are_rounded) {
    values.parts_are_rounded = true;
    const auto parts = agree(left, right, approximate, values);
    values.parts_are_rounded = false;
    if (parts == true) return true;
  }
  const bool irrational = std::any_of(left_values->begin(), left_values->end(),
                                      [](const Number& n) { return !n.is_exact(); });
  if (!irrational || values.decimals_are_rounded) return false;
  // "(-6 + \sqrt{126132}) / 2 = (-6 + 355.15) / 2"
  values.decimals_are_rounded = true;
  const auto rounded = agree(left, right, approximate, values);
  values.decimals_are_rounded = false;
  return rounded;
}

void note_rounding(const MathToken& left, const MathToken& right, bool approximate,
                   Values& values) {
  if (approximate || left.value != right.value) values.rounded.insert(literal_key(right));
}

bool rounded_to_whole(const Expression& left, const Expression& right, std::string_view text,
                      ByteSpan claim, const Values& values) {
  const MathToken* shown = right.literal();
  if (shown == nullptr || shown->decimals > 0) return false;
  const auto a = evaluate(left, 0, values);
  if (!a || abs(mpq_class(a->low - shown->value)) >= 1) return false;
  const std::string around = context(text, claim, context_bytes, context_bytes);
  return mentions(around, rounding) || around.find("remain") != std::string::npos ||
         around.find(" left") != std::string::npos || around.find("full") != std::string::npos ||
         around.find("complete") != std::string::npos;
}

bool converts_units(const Expression& left, const Expression& right, std::string_view unit_behind,
                    const Values& values) {
  std::vector<std::string> shown = right.units;
  if (!unit_behind.empty()) shown.emplace_back(unit_behind);
  if (left.units.empty() || shown.empty()) return false;
  const bool shared = std::any_of(shown.begin(), shown.end(), [&](const std::string& unit) {
    return std::find(left.units.begin(), left.units.end(), unit) != left.units.end();
  });
  if (shared) return false;
  const auto a = evaluate(left, 0, values);
  const auto b = evaluate(right, 0, values);
  if (!a || !b || a->low == 0 || b->low == 0) return false;
  mpq_class ratio = abs(mpq_class(a->low / b->low));
  if (ratio < 1) ratio = 1 / ratio;
  for (const int factor : {100, 60, 3600, 24, 7, 12, 1000, 10, 365, 30, 52, 16, 36, 3, 1440, 4}) {
    if (ratio == factor) return true;
  }
  return false;
}

}  // namespace assay::chain
