#include "decode/grammar/characters.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/utf8.h"

namespace assay::grammar {
namespace {

/// The continuation bytes of a character: 6 bits each.
constexpr int kBitsPerByte = 6;

std::string utf8(char32_t code_point) {
  std::string out;
  append_utf8(out, code_point);
  return out;
}

/// Adds byte sequences for a range whose characters are all equally long: where all bytes but the
/// last k run through everything, one sequence of ranges will do; else the range is cut there.
void add_range(Grammar& grammar, char32_t first, char32_t last, std::vector<Sequence>* out) {
  for (int k = 1; k < 4; ++k) {
    const char32_t mask = (char32_t{1} << (kBitsPerByte * k)) - 1;
    if ((first & ~mask) == (last & ~mask)) continue;
    if ((first & mask) != 0) {
      add_range(grammar, first, first | mask, out);
      return add_range(grammar, (first | mask) + 1, last, out);
    }
    if ((last & mask) != mask) {
      add_range(grammar, first, (last & ~mask) - 1, out);
      return add_range(grammar, last & ~mask, last, out);
    }
  }
  const std::string low = utf8(first);
  const std::string high = utf8(last);
  Sequence bytes;
  for (std::size_t i = 0; i < low.size(); ++i) {
    const ByteSet set =
        byte_range(static_cast<unsigned char>(low[i]), static_cast<unsigned char>(high[i]));
    bytes.push_back(grammar.bytes(set).front());
  }
  out->push_back(std::move(bytes));
}

CodePoints intersection(const CodePoints& a, const CodePoints& b) {
  CodePoints out;
  for (const auto& [first_a, last_a] : a) {
    for (const auto& [first_b, last_b] : b) {
      const char32_t first = std::max(first_a, first_b);
      const char32_t last = std::min(last_a, last_b);
      if (first <= last) out.emplace_back(first, last);
    }
  }
  return out;
}

const CodePoints& plain() {
  static const CodePoints set = {{0x20, 0x21}, {0x23, 0x5B}, {0x5D, kLastCodePoint}};
  return set;
}

std::string escaped(char32_t code_point) {
  switch (code_point) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\u{:04x}", static_cast<unsigned>(code_point));
  }
}

}  // namespace

CodePoints normalised(CodePoints set) {
  std::sort(set.begin(), set.end());
  CodePoints out;
  for (const auto& [first, last] : set) {
    if (!out.empty() && first <= out.back().second + 1) {
      out.back().second = std::max(out.back().second, last);
    } else {
      out.emplace_back(first, last);
    }
  }
  return out;
}

CodePoints complement(const CodePoints& set) {
  CodePoints out;
  char32_t from = 0;
  for (const auto& [first, last] : normalised(set)) {
    if (first > from) out.emplace_back(from, first - 1);
    from = last + 1;
  }
  if (from <= kLastCodePoint) out.emplace_back(from, kLastCodePoint);
  return out;
}

Sequence utf8_of(Grammar& grammar, const CodePoints& set) {
  static const CodePoints kEquallyLong = {
      {0, 0x7F}, {0x80, 0x7FF}, {0x800, 0xD7FF}, {0xE000, 0xFFFF}, {0x10000, kLastCodePoint}};
  std::vector<Sequence> ways;
  // All of ASCII's as one set of bytes.
  ByteSet ascii;
  for (const auto& [first, last] : intersection(set, {{0, 0x7F}})) ascii |= byte_range(first, last);
  if (ascii.any()) ways.push_back(grammar.bytes(ascii));
  for (std::size_t i = 1; i < kEquallyLong.size(); ++i) {
    for (const auto& [first, last] : intersection(set, {kEquallyLong[i]})) {
      add_range(grammar, first, last, &ways);
    }
  }
  return grammar.any_of(std::move(ways));
}

Sequence json_characters(Grammar& grammar, const CodePoints& set) {
  std::vector<Sequence> ways;
  const CodePoints unescaped = intersection(set, plain());
  if (!unescaped.empty()) ways.push_back(utf8_of(grammar, unescaped));
  for (const auto& [first, last] : intersection(set, complement(plain()))) {
    for (char32_t c = first; c <= last; ++c) ways.push_back(grammar.text(escaped(c)));
  }
  return grammar.any_of(std::move(ways));
}

Sequence plain_characters(Grammar& grammar) {
  return utf8_of(grammar, plain());
}

Sequence wide_characters(Grammar& grammar) {
  return utf8_of(grammar, {{0x80, kLastCodePoint}});
}

}  // namespace assay::grammar
