#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/utf8.h"

namespace assay {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_dangerous(char32_t code) {
  if (code == '\n' || code == '\t') return false;
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool bidirectional = (code >= 0x202A && code <= 0x202E) ||
                             (code >= 0x2066 && code <= 0x2069) || code == 0x200E ||
                             code == 0x200F || code == 0x061C;
  // Line breaks that only some programs see, a byte order mark inside text, invisible tags.
  const bool invisible =
      code == 0x2028 || code == 0x2029 || code == 0xFEFF || (code >= 0xE0000 && code <= 0xE007F);
  return control || bidirectional || invisible;
}

/// Bytes of the home folder's path that `text` starts with, 0 if it does not; `before` precedes it.
std::size_t home_length(std::string_view text, char before) {
  constexpr std::array<std::string_view, 3> kParents = {"/home/", "/Users/", "\\Users\\"};
  for (const std::string_view parent : kParents) {
    if (text.substr(0, parent.size()) != parent) continue;
    const std::size_t end = text.find_first_of("/\\ \t\n\"':,;)", parent.size());
    const std::size_t length = std::min(end, text.size());
    return length == parent.size() ? 0 : length;
  }
  const bool path_starts = std::string_view(" \t\n\"'(=:,").find(before) != std::string_view::npos;
  return path_starts && (text == "/root" || text.substr(0, 6) == "/root/") ? 5 : 0;
}

}  // namespace

std::string format_bytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (std::fabs(value) >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  const int digits = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, digits, kUnits[unit]);
}

std::string format_duration(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string sanitize_for_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    // A character cut off at the end counts byte by byte, like any other invalid byte.
    const Utf8Step step = utf8_step(text);
    const bool whole = step.status == Utf8Status::character;
    if (!whole || is_dangerous(step.code_point)) {
      out += kReplacement;
    } else {
      out += text.substr(0, step.bytes);
    }
    text.remove_prefix(whole ? step.bytes : 1);
  }
  return out;
}

std::string name_for_message(std::string_view name, std::size_t max_bytes) {
  const bool cut = name.size() > max_bytes;
  // A character cut in half at the end becomes U+FFFD, which the ellipsis explains well enough.
  std::string out = sanitize_for_terminal(name.substr(0, max_bytes));
  for (char& c : out) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return cut ? out + "..." : out;
}

bool is_valid_utf8(std::string_view text) {
  return utf8_valid_prefix(text) == text.size();
}

std::string cut_text(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  return std::string(text.substr(0, end)) + "\xE2\x80\xA6";
}

std::string redact_home_paths(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = home_length(text, out.empty() ? ' ' : out.back());
    if (length == 0) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const bool drive = out.size() >= 2 && text.front() == '\\' && out.back() == ':';
    if (drive) out.resize(out.size() - 2);
    out += '~';
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace assay
