// Numbers as written, exactly.
#include <cstdlib>
#include <string>

#include "evals/common/expr_parser.h"

namespace assay::evals {

std::optional<MathExpr> read_literal(const std::string& text) {
  constexpr int max_exponent = 10'000;
  if (text.size() > max_literal_digits) return std::nullopt;
  const std::size_t exponent_at = text.find('e');
  std::string digits = text.substr(0, exponent_at);
  long exponent = 0;
  if (exponent_at != std::string::npos) {
    exponent = std::strtol(text.c_str() + exponent_at + 1, nullptr, 10);
    if (std::labs(exponent) > max_exponent) return std::nullopt;
  }
  const std::size_t point = digits.find('.');
  long decimals = 0;
  if (point != std::string::npos) {
    digits.erase(point, 1);
    decimals = static_cast<long>(digits.size() - point);
  }
  if (digits.empty()) digits = "0";
  mpz_class power;
  const long shift = exponent - decimals;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::labs(shift)));
  const mpz_class mantissa(digits, 10);
  MathExpr number =
      make_number(shift >= 0 ? mpq_class(mantissa * power) : mpq_class(mantissa, power));
  number.value.canonicalize();
  number.scientific = exponent_at != std::string::npos;
  if (point != std::string::npos || number.scientific) {
    number.decimals = static_cast<int>(decimals - exponent);
  }
  return number;
}

std::optional<mpz_class> read_digits(std::string_view digits, int base) {
  if (base < 2 || base > 36 || digits.empty() || digits.size() > max_literal_digits) {
    return std::nullopt;
  }
  mpz_class value = 0;
  for (const char c : digits) {
    int digit = base;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'A' && c <= 'Z') digit = c - 'A' + 10;
    if (c >= 'a' && c <= 'z') digit = c - 'a' + 10;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

}  // namespace assay::evals
