// Characters of ASCII: what <cctype> says depends on the locale and is undefined for negative char.
#pragma once

#include <cstddef>
#include <string_view>

namespace assay {

/// What string_view's searches return where nothing is found.
inline constexpr std::size_t npos = std::string_view::npos;

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}

}  // namespace assay
