#include "model/tokenizer/nfc.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/utf8.h"

namespace assay {

namespace {

constexpr auto kDecompose =
    static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);  // NOLINT: a set of bits
constexpr auto kCompose =
    static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);  // NOLINT: a set of bits

auto combining_class(utf8proc_int32_t code_point) {
  return utf8proc_get_property(code_point)->combining_class;
}

std::vector<utf8proc_int32_t> decompose(std::string_view text) {
  std::vector<utf8proc_int32_t> out;
  out.reserve(text.size());
  // The longest canonical decomposition of one character has four.
  std::array<utf8proc_int32_t, 16> parts{};
  int boundary_class = 0;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    ASSAY_ASSERT(step.status == Utf8Status::character);
    const auto n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(step.code_point),
                                           parts.data(), parts.size(), kDecompose, &boundary_class);
    ASSAY_ASSERT(n >= 0 && n <= static_cast<utf8proc_ssize_t>(parts.size()));
    out.insert(out.end(), parts.begin(), parts.begin() + n);
    text.remove_prefix(step.bytes);
  }
  return out;
}

/// Canonical ordering. Not utf8proc_decompose's: that one is quadratic in a run of marks.
void order_marks(std::vector<utf8proc_int32_t>& code_points) {
  const auto is_starter = [](utf8proc_int32_t c) { return combining_class(c) == 0; };
  auto begin = code_points.begin();
  while (begin != code_points.end()) {
    begin = std::find_if_not(begin, code_points.end(), is_starter);
    const auto end = std::find_if(begin, code_points.end(), is_starter);
    std::stable_sort(begin, end, [](utf8proc_int32_t a, utf8proc_int32_t b) {
      return combining_class(a) < combining_class(b);
    });
    begin = end;
  }
}

/// U+11A7: Hangul's trailing consonants begin after it. It composes with nothing, but utf8proc (2.6
/// at least) swallows it after a syllable, so composition is done on both sides of it.
constexpr utf8proc_int32_t kBeforeFirstTrailingJamo = 0x11A7;

void append_composed(std::string& out, std::span<utf8proc_int32_t> code_points) {
  const auto n = utf8proc_normalize_utf32(
      code_points.data(), static_cast<utf8proc_ssize_t>(code_points.size()), kCompose);
  ASSAY_ASSERT(n >= 0);
  for (const utf8proc_int32_t c : code_points.first(static_cast<std::size_t>(n))) {
    append_utf8(out, static_cast<char32_t>(c));
  }
}

}  // namespace

bool needs_nfc(std::string_view text) {
  // U+0300 is CC 80; every lead byte from CC on starts a character from U+0300 on.
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0xCC; });
}

std::string to_nfc(std::string_view text) {
  std::vector<utf8proc_int32_t> code_points = decompose(text);
  order_marks(code_points);
  std::string out;
  out.reserve(text.size());
  auto begin = code_points.begin();
  while (begin != code_points.end()) {
    const auto end = std::find(begin, code_points.end(), kBeforeFirstTrailingJamo);
    append_composed(out, {begin, end});
    begin = end;
    for (; begin != code_points.end() && *begin == kBeforeFirstTrailingJamo; ++begin) {
      append_utf8(out, static_cast<char32_t>(*begin));
    }
  }
  return out;
}

}  // namespace assay
