#include "datasets/math/boxed_answer.h"

#include <algorithm>

#include "core/ascii.h"

namespace assay::datasets {
namespace {

constexpr std::string_view blank = " \t\r\n";

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blank);
  if (begin == npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(blank) - begin + 1));
}

/// The place of the brace that closes the one at `open`; npos if there is none.
std::size_t closing_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return npos;
}

/// The larger of two places, npos being none.
std::size_t later(std::size_t a, std::size_t b) {
  if (a == npos || b == npos) return std::min(a, b);
  return std::max(a, b);
}

}  // namespace

std::optional<std::string> boxed_answer(std::string_view solution) {
  constexpr std::string_view boxed = "\\boxed";
  constexpr std::string_view framed = "\\fbox";
  const std::size_t at = later(solution.rfind(boxed), solution.rfind(framed));
  if (at == npos) return std::nullopt;
  const std::size_t name = solution.substr(at).starts_with(boxed) ? boxed.size() : framed.size();
  const std::size_t argument = solution.find_first_not_of(blank, at + name);
  if (argument == npos) return std::nullopt;
  if (solution[argument] != '{') {
    const std::string_view rest = solution.substr(argument);
    return trimmed(rest.substr(0, rest.find('$')));
  }
  const std::size_t end = closing_brace(solution, argument);
  if (end == npos) return std::nullopt;
  return trimmed(solution.substr(argument + 1, end - argument - 1));
}

}  // namespace assay::datasets
