#include "evals/common/compat/latex_repairs.h"

#include "evals/common/compat/python_text.h"

namespace assay::evals::compat {
namespace {

/// Bytes of `text`, which starts at a '{', up to and with its '}'; npos when it never closes.
std::size_t braces_end(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && depth > 0 && --depth == 0) return i + 1;
  }
  return std::string_view::npos;
}

/// "\frac" + this: the part of a text between one \frac and the next, its arguments braced.
void append_fraction_part(std::string& out, std::string_view part) {
  if (part.empty() || part[0] == '{') {
    out.append(part);
    return;
  }
  const std::size_t a = char_bytes(part, 0);
  const std::size_t b = char_bytes(part, a);
  out.append("{").append(part, 0, a).append("}");
  if (part[a] == '{') {
    out.append(part.substr(a));
  } else {
    out.append("{").append(part, a, b).append("}").append(part.substr(a + b));
  }
}

}  // namespace

std::optional<std::string> last_boxed(std::string_view text) {
  constexpr std::string_view spaced = "\\boxed ";
  if (contains(text, spaced)) {
    const std::string_view rest = after_last(text, spaced);
    return std::string(rest.substr(0, rest.find('$')));
  }
  constexpr std::string_view boxed = "\\boxed";
  const std::size_t at = text.rfind(boxed);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view box = text.substr(at);
  const std::size_t open = box.find('{');
  if (open == std::string_view::npos) return std::nullopt;
  const std::size_t end = braces_end(box.substr(open));
  // The box is opened only where its brace follows at once.
  if (end == std::string_view::npos || open != boxed.size()) return std::nullopt;
  return std::string(box.substr(open + 1, end - 2));
}

std::optional<std::string> behind_boxed(std::string_view text) {
  constexpr std::string_view boxed = "boxed";
  if (!contains(text, boxed)) return std::nullopt;
  const std::string_view rest = after_last(text, boxed);
  if (rest.empty()) return std::string();
  if (rest[0] != '{') return std::string(strip(rest.substr(0, rest.find('$'))));
  const std::size_t end = braces_end(rest);
  return std::string(end == std::string_view::npos ? rest.substr(1) : rest.substr(1, end - 2));
}

std::optional<std::string> braced_fractions(std::string_view text) {
  const auto parts = split(text, "\\frac");
  std::string out(parts[0]);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].empty()) return std::nullopt;
    if (parts[i][0] != '{' && char_bytes(parts[i], 0) == parts[i].size()) return std::string(text);
    out.append("\\frac");
    append_fraction_part(out, parts[i]);
  }
  return out;
}

std::optional<std::string> braced_roots(std::string_view text) {
  const auto parts = split(text, "\\sqrt");
  std::string out(parts[0]);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].empty()) return std::nullopt;
    out.append("\\sqrt");
    if (parts[i][0] == '{') {
      out.append(parts[i]);
    } else {
      const std::size_t bytes = char_bytes(parts[i], 0);
      out.append("{").append(parts[i], 0, bytes).append("}").append(parts[i].substr(bytes));
    }
  }
  return out;
}

std::string slash_to_fraction(std::string_view text, bool roots) {
  const auto sides = split(text, "/");
  if (sides.size() != 2) return std::string(text);
  for (const std::string_view side : sides) {
    if (!is_canonical_integer(side) && !(roots && contains(side, "sqrt"))) return std::string(text);
  }
  return "\\frac{" + std::string(sides[0]) + "}{" + std::string(sides[1]) + "}";
}

std::string without_short_left_side(std::string_view text) {
  const auto sides = split(text, "=");
  if (sides.size() == 2 && char_count(sides[0]) <= 2) return std::string(sides[1]);
  return std::string(text);
}

}  // namespace assay::evals::compat
