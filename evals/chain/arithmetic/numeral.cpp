#include "evals/chain/arithmetic/numeral.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/ascii.h"
#include "core/utf8.h"
#include "evals/chain/arithmetic/tokens.h"

namespace assay::chain {
namespace {

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

RaisedDigits read_raised_digits(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 10> digits = {{{"\xC2\xB9", '1'},
                                                                         {"\xC2\xB2", '2'},
                                                                         {"\xC2\xB3", '3'},
                                                                         {"\xE2\x81\xB0", '0'},
                                                                         {"\xE2\x81\xB4", '4'},
                                                                         {"\xE2\x81\xB5", '5'},
                                                                         {"\xE2\x81\xB6", '6'},
                                                                         {"\xE2\x81\xB7", '7'},
                                                                         {"\xE2\x81\xB8", '8'},
                                                                         {"\xE2\x81\xB9", '9'}}};
  RaisedDigits out;
  for (bool found = true; found;) {
    found = false;
    for (const auto& [bytes, digit] : digits) {
      if (!text.substr(out.size).starts_with(bytes)) continue;
      out.digits += digit;
      out.size += bytes.size();
      found = true;
    }
  }
  return out;
}

std::size_t foreign_letter(std::string_view text) {
  if (text.empty() || static_cast<unsigned char>(text[0]) < 0x80) return 0;
  const Utf8Step step = utf8_step(text);
  const char32_t c = step.code_point;
  const bool letter = (c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7) ||
                      (c >= 0x3040 && c < 0xD800);  // behind signs and punctuation
  const bool pi = c == 0x3C0;
  return step.status == Utf8Status::character && letter && !pi ? step.bytes : 0;
}

std::optional<mpz_class> in_base(std::string_view digits, std::string_view index) {
  if (index.starts_with('{') && index.ends_with('}')) index = index.substr(1, index.size() - 2);
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
