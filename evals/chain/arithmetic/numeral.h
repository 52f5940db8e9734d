// Numerals in a text: digits, separators of thousands, decimals, other bases.
#pragma once

#include <gmpxx.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace assay::chain {

struct Numeral {
  bool readable = true;  ///< false: "9:55", "3.2.1", "5th", 0.\overline{3}, too many digits
  mpq_class value;
  int decimals = -1;     ///< digits behind the point; -1: an integer
  bool cut = false;      ///< an ellipsis follows its decimals, and belongs to it
  std::size_t size = 0;  ///< bytes, at least 1
};

/// The numeral at the start of `text`, which begins with a digit, or a point before one.
/// `in_math`: it stands in a formula, where "5th" is a product.
Numeral read_numeral(std::string_view text, bool in_math);

/// A run of raised digits (x\u00B2) at the start of `text`, and its bytes.
struct RaisedDigits {
  std::string digits;
  std::size_t size = 0;
};
RaisedDigits read_raised_digits(std::string_view text);

/// The bytes of a letter outside ASCII at the start of `text`, or 0.
std::size_t foreign_letter(std::string_view text);

/// The value of an integer's digits in base `index`, the text of an index: "7", "{10}". Nothing: no
/// such base (2 to 36), or a digit that it has not.
std::optional<mpz_class> in_base(std::string_view digits, std::string_view index);

}  // namespace assay::chain
