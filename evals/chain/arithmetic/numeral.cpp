#include "evals/chain/arithmetic/numeral.h"

#include <algorithm>
#include <string>

#include "evals/chain/arithmetic/tokens.h"

namespace assay::chain {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
char at(std::string_view text, std::size_t i) {
  return i < text.size() ? text[i] : '\n';
}

/// Digits at the start of `text`, with separators of thousands; returns their end.
std::size_t take_digits(std::string_view text, std::string& digits) {
  std::size_t i = 0;
  while (i < text.size() && is_digit(text[i])) digits += text[i++];
  if (i > 3 || i == 0) return i;
  while (true) {
    std::size_t length = 0;
    for (const std::string_view separator : {",\\!", "{,}", "{,\\!}", ",", "\\,"}) {
      if (length == 0 && text.substr(i).starts_with(separator)) length = separator.size();
    }
    const std::size_t from = i + length;
    const bool three = length > 0 && is_digit(at(text, from)) && is_digit(at(text, from + 1)) &&
                       is_digit(at(text, from + 2)) && !is_digit(at(text, from + 3));
    if (!three) return i;
    digits += text.substr(from, 3);
    i = from + 3;
  }
}

bool is_ordinal(std::string_view after) {
  for (const std::string_view suffix : {"st", "nd", "rd", "th"}) {
    if (after.starts_with(suffix) && !is_letter(at(after, 2))) return true;
  }
  return false;
}

/// "...", "\ldots", "\dots" or the sign: its length.
std::size_t ellipsis_length(std::string_view text) {
  for (const std::string_view mark : {"...", "\\ldots", "\\dots", "\xE2\x80\xA6"}) {
    if (text.starts_with(mark)) return mark.size();
  }
  return 0;
}

}  // namespace

Numeral read_numeral(std::string_view text, bool in_math) {
  Numeral out;
  std::string digits;
  std::size_t i = take_digits(text, digits);
  if (at(text, i) == '.' && is_digit(at(text, i + 1))) {
    out.decimals = 0;
    for (++i; is_digit(at(text, i)); ++i, ++out.decimals) digits += text[i];
  }
  const bool clock = at(text, i) == ':' && is_digit(at(text, i + 1));
  const bool version = at(text, i) == '.' && is_digit(at(text, i + 1));
  const bool recurring =
      at(text, i) == '.' && at(text, i + 1) == '\\' && is_letter(at(text, i + 2));
  out.readable = !clock && !version && !recurring && digits.size() <= max_number_digits &&
                 (in_math || !is_ordinal(text.substr(i)));
  if (!out.readable) {
    while (is_digit(at(text, i)) || is_letter(at(text, i)) || at(text, i) == ':' ||
           at(text, i) == '.') {
      ++i;
    }
    out.size = std::max<std::size_t>(i, 1);
    return out;
  }
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::max(out.decimals, 0)));
  out.value = mpq_class(mpz_class(digits, 10), power);
  out.value.canonicalize();
  const std::size_t ellipsis = out.decimals >= 0 ? ellipsis_length(text.substr(i)) : 0;
  out.cut = ellipsis > 0;
  out.size = i + ellipsis;
  return out;
}

std::optional<mpz_class> in_base(std::string_view digits, std::string_view index) {
  if (index.starts_with("{") && index.ends_with("}")) index = index.substr(1, index.size() - 2);
  const bool number =
      !index.empty() && index.size() <= 2 && std::all_of(index.begin(), index.end(), is_digit);
  if (!number || digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit))
    return std::nullopt;
  const int base = std::stoi(std::string(index));
  if (base < 2 || base > 36) return std::nullopt;
  const bool fits =
      std::all_of(digits.begin(), digits.end(), [&](char digit) { return digit - '0' < base; });
  if (!fits) return std::nullopt;
  return mpz_class(std::string(digits), base);
}

}  // namespace assay::chain
