#include "evals/common/compat/python_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/utf8.h"

namespace assay::evals::compat {
namespace {

char32_t code_point_at(std::string_view text, std::size_t at) {
  const Utf8Step step = utf8_step(text.substr(at));
  return step.status == Utf8Status::character ? step.code_point : 0xFFFD;
}

bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

/// Start of the character that ends before `end`.
std::size_t char_start(std::string_view text, std::size_t end) {
  std::size_t start = end - 1;
  while (start > 0 && end - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U)
    --start;
  return start + char_bytes(text, start) == end ? start : end - 1;
}

bool is_beyond_ascii_word(char32_t c) {
  if (c < 0xC0) {
    return c == 0xAA || c == 0xB2 || c == 0xB3 || c == 0xB5 || c == 0xB9 || c == 0xBA ||
           (c >= 0xBC && c <= 0xBE);
  }
  if (c < 0x2000) return c != 0xD7 && c != 0xF7 && !(c >= 0x300 && c <= 0x36F);
  if (c < 0x2C00) {  // punctuation, symbols, operators, arrows, but super- and subscripts too
    const bool script = (c >= 0x2070 && c <= 0x209C && c != 0x207A && c != 0x207B && c != 0x207C &&
                         c != 0x208A && c != 0x208B && c != 0x208C);
    const bool letter_like = c == 0x2102 || c == 0x2115 || c == 0x211A || c == 0x211D ||
                             c == 0x2124 || (c >= 0x2150 && c <= 0x2189) ||
                             (c >= 0x2460 && c <= 0x249B);
    return script || letter_like;
  }
  if (c >= 0x3000 && c <= 0x3020) return c >= 0x3005 && c <= 0x3007;
  if (c >= 0xD800 && c <= 0xF8FF) return false;
  if (c >= 0xFE10 && c <= 0xFE6F) return false;
  if (c >= 0xFF00 && c <= 0xFF65) {
    return (c >= 0xFF10 && c <= 0xFF19) || (c >= 0xFF21 && c <= 0xFF3A) ||
           (c >= 0xFF41 && c <= 0xFF5A);
  }
  return c != 0xFFFD && !(c >= 0x1F000 && c <= 0x1FAFF);
}

}  // namespace

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  if (at == std::string::npos) return;
  std::string out;
  out.reserve(text.size());
  std::size_t done = 0;
  for (; at != std::string::npos; at = text.find(from, done)) {
    out.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  out.append(text, done);
  text = std::move(out);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  std::size_t done = 0;
  for (std::size_t at = text.find(separator); at != std::string_view::npos;
       at = text.find(separator, done)) {
    parts.push_back(text.substr(done, at - done));
    done = at + separator.size();
  }
  parts.push_back(text.substr(done));
  return parts;
}

std::size_t count(std::string_view text, std::string_view part) {
  return split(text, part).size() - 1;
}

std::string_view after_last(std::string_view text, std::string_view part) {
  const std::size_t at = text.rfind(part);
  return at == std::string_view::npos ? text : text.substr(at + part.size());
}

std::string_view strip(std::string_view text) {
  while (!text.empty() && is_blank(code_point_at(text, 0))) text.remove_prefix(char_bytes(text, 0));
  while (!text.empty()) {
    const std::size_t last = char_start(text, text.size());
    if (!is_blank(code_point_at(text, last))) break;
    text = text.substr(0, last);
  }
  return text;
}

std::string_view strip_chars(std::string_view text, std::string_view chars) {
  const std::size_t begin = text.find_first_not_of(chars);
  if (begin == std::string_view::npos) return {};
  return strip_right(text.substr(begin), chars);
}

std::string_view strip_right(std::string_view text, std::string_view chars) {
  return text.substr(0, text.find_last_not_of(chars) + 1);  // npos + 1 == 0
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = char_bytes(text, at);
    const char32_t c = code_point_at(text, at);
    const bool shifted_by_32 = (c >= U'A' && c <= U'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
                               (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) ||
                               (c >= 0x410 && c <= 0x42F);
    if (shifted_by_32) {
      append_utf8(out, c + 32);
    } else {
      out.append(text.substr(at, bytes));
    }
    at += bytes;
  }
  return out;
}

std::size_t char_bytes(std::string_view text, std::size_t at) {
  const Utf8Step step = utf8_step(text.substr(at));
  return step.status == Utf8Status::character ? step.bytes : 1;
}

std::size_t char_count(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size(); at += char_bytes(text, at)) ++n;
  return n;
}

bool is_word_char(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (static_cast<unsigned char>(c) < 0x80) {
    return is_letter(c) || is_digit(c) || c == '_';
  }
  return is_beyond_ascii_word(code_point_at(text, at));
}

bool ends_with_word_char(std::string_view text, std::size_t end) {
  return end > 0 && is_word_char(text, char_start(text, end));
}

std::optional<double> python_float(std::string_view text) {
  text = strip(text);
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const std::string word = lower(text);
  if (word == "inf" || word == "infinity") {
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  std::string digits;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '_') {
      digits += word[i];
      continue;
    }
    const bool between =
        i > 0 && i + 1 < word.size() && is_digit(word[i - 1]) && is_digit(word[i + 1]);
    if (!between) return std::nullopt;
  }
  // from_chars also takes "1e5", ".5" and "5."; hexadecimal and a second sign are not in its
  // general format.
  if (digits.empty() || !(is_digit(digits[0]) || digits[0] == '.')) return std::nullopt;
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value);
  if (rest != end || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Python rounds: to 0 or to infinity, whichever the literal tends to.
    const std::size_t exponent = digits.find('e');
    const bool tiny = exponent == std::string::npos ? digits[0] == '0' || digits[0] == '.'
                                                    : digits[exponent + 1] == '-';
    value = tiny ? 0 : std::numeric_limits<double>::infinity();
  }
  return negative ? -value : value;
}

bool is_canonical_integer(std::string_view text) {
  if (text == "0") return true;
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  return !text.empty() && text[0] != '0' &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c); });
}

}  // namespace assay::evals::compat
