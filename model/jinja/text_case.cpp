// Case mapping, and numbers and strings written the way Python writes and reads them.
#include <utf8proc.h>

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/core.h>

#include "model/jinja/text.h"

namespace assay::jinja {
namespace {

constexpr std::int32_t kSharpS = 0xDF;

bool is_cased(std::int32_t code) {
  if (code < 0) return false;
  const auto category = utf8proc_category(code);
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
         category == UTF8PROC_CATEGORY_LT;
}

void append_upper(std::string& out, std::int32_t code) {
  if (code == kSharpS) {
    out.append("SS");
  } else {
    append_character(out, code < 0 ? code : utf8proc_toupper(code));
  }
}

void append_title(std::string& out, std::int32_t code) {
  if (code == kSharpS) {
    out.append("Ss");
  } else {
    append_character(out, code < 0 ? code : utf8proc_totitle(code));
  }
}

void append_lower(std::string& out, std::int32_t code) {
  append_character(out, code < 0 ? code : utf8proc_tolower(code));
}

template <class Visit>
void for_each_character(std::string_view text, const Visit& visit) {
  for (std::size_t pos = 0; pos < text.size();) {
    const Character c = character_at(text, pos);
    visit(c.code);
    pos += c.bytes;
  }
}

bool all_cased_are(std::string_view text, utf8proc_category_t wanted) {
  bool any = false;
  bool all = true;
  for_each_character(text, [&](std::int32_t code) {
    if (!is_cased(code)) return;
    any = true;
    all = all && utf8proc_category(code) == wanted;
  });
  return any && all;
}

// Digits with single underscores between them, as Python's literals allow; false if malformed.
bool drop_underscores(std::string_view digits, std::string* out) {
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] != '_') {
      out->push_back(digits[i]);
      continue;
    }
    const bool inside = i > 0 && i + 1 < digits.size();
    if (!inside || digits[i - 1] == '_' || digits[i + 1] == '_') return false;
  }
  return !out->empty();
}

}  // namespace

std::string upper(std::string_view text) {
  std::string out;
  for_each_character(text, [&](std::int32_t code) { append_upper(out, code); });
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  for_each_character(text, [&](std::int32_t code) { append_lower(out, code); });
  return out;
}

std::string capitalize(std::string_view text) {
  std::string out;
  bool first = true;
  for_each_character(text, [&](std::int32_t code) {
    first ? append_title(out, code) : append_lower(out, code);
    first = false;
  });
  return out;
}

std::string title(std::string_view text) {
  std::string out;
  bool in_word = false;
  for_each_character(text, [&](std::int32_t code) {
    in_word ? append_lower(out, code) : append_title(out, code);
    in_word = is_cased(code);
  });
  return out;
}

bool is_upper(std::string_view text) {
  return all_cased_are(text, UTF8PROC_CATEGORY_LU);
}
bool is_lower(std::string_view text) {
  return all_cased_are(text, UTF8PROC_CATEGORY_LL);
}

std::string repr_of_text(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  for_each_character(text, [&](std::int32_t code) {
    if (code == quote || code == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(code));
    } else if (code == '\n') {
      out.append("\\n");
    } else if (code == '\r') {
      out.append("\\r");
    } else if (code == '\t') {
      out.append("\\t");
    } else if (is_printable(code)) {
      append_character(out, code);
    } else if (const int value = std::abs(code); value < 0x100) {
      out.append(fmt::format("\\x{:02x}", value));
    } else {
      out.append(value < 0x10000 ? fmt::format("\\u{:04x}", value)
                                 : fmt::format("\\U{:08x}", value));
    }
  });
  out.push_back(quote);
  return out;
}

std::string repr_of_float(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  // Shortest digits that read back; Python writes an exponent below 1e-4 and from 1e16 on.
  std::array<char, 64> buffer{};
  const double size = std::fabs(value);
  const bool exponent = value != 0 && (size < 1e-4 || size >= 1e16);
  const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr;
  std::string out(buffer.data(), end);
  if (!exponent && out.find('.') == std::string::npos) out.append(".0");
  return out;
}

std::optional<std::int64_t> parse_int(std::string_view text, int base) {
  text = strip(text, StripSide::both);
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  if (text.size() > 2 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    if ((base == 16 && mark == 'x') || (base == 8 && mark == 'o') || (base == 2 && mark == 'b')) {
      text.remove_prefix(2);
      if (text[0] == '_') text.remove_prefix(1);
    }
  }
  std::string digits = negative ? "-" : "";
  if (!drop_underscores(text, &digits) || text.empty() || text[0] == '-') return std::nullopt;
  std::int64_t value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value, base);
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

std::optional<double> parse_float(std::string_view text) {
  text = strip(text, StripSide::both);
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  std::string digits;
  if (!drop_underscores(text, &digits) || digits[0] == '-' || digits.find('(') != digits.npos) {
    return std::nullopt;
  }
  double value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value);
  if (end != last || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::nullopt;
  return negative ? -value : value;
}

}  // namespace assay::jinja
