// Units, and what the protocol takes for units, dropped from an answer. Its list was collected from
// word problems; "." in an entry stands for any character, as in a regular expression.
#include "evals/common/compat/qwen_units.h"

#include <algorithm>
#include <vector>

#include "evals/common/compat/python_text.h"

namespace assay::evals::compat {
namespace {

/// In the order in which they are dropped, which decides: "a ." takes the "a +" of "a + 5", which
/// "a" alone would not.
constexpr std::string_view kUnits =
    "east|degree|mph|kmph|ft|m sqaure| m east|sq m|deg|mile|q .|monkey|prime|ratio|profit of "
    "rs|rd|o|"
    "gm|p . m|lb|tile|per|dm|lt|gain|ab|way|west|a .|b .|c .|d .|e .|f .|g .|h .|t|a|h|no "
    "change|men|"
    "soldier|pie|bc|excess|st|inches|noon|percent|by|gal|kmh|c|acre|rise|a . m|th|\u03c0 r "
    "2|sq|mark|l|"
    "toy|coin|sq . m|gallon|\u00b0 f|profit|minw|yr|women|feet|am|pm|hr|cu cm|square|"
    "v \u00e2 \u20ac "
    "\u2122|are|rupee|rounds|cubic|cc|mtr|s|ohm|number|day|hour|minute|min|second|man|"
    "woman|sec|cube|mt|sq inch|mp|\u220f cm \u00b3|hectare|more|unit|cu . m|cm 2|rs "
    ".|rs|kg|g|month|km|"
    "m|cm|mm|apple|liter|loss|yard|pure|year|increase|decrease|d|less|Surface|litre|pi sq m|s "
    ".|metre|"
    "meter|inch";

/// Each entry, then each with a plural s.
std::vector<std::string> unit_patterns() {
  std::vector<std::string> units;
  for (const std::string_view unit : split(kUnits, "|")) units.emplace_back(unit);
  const std::size_t n = units.size();
  for (std::size_t i = 0; i < n; ++i) units.push_back(units[i] + "s");
  return units;
}

/// Where `unit`, matched at `at`, ends; npos where it does not match.
std::size_t match_end(std::string_view text, std::size_t at, std::string_view unit) {
  for (std::size_t i = 0; i < unit.size(); ++i) {
    if (at >= text.size()) return std::string_view::npos;
    if (unit[i] == '.') {
      at += char_bytes(text, at);
    } else if (text[at++] != unit[i]) {
      return std::string_view::npos;
    }
  }
  return at;
}

/// Bytes of the non-word character at `at`; 0 for a word character; nothing at the end of the text.
std::size_t boundary_bytes(std::string_view text, std::size_t at) {
  return is_word_char(text, at) ? 0 : char_bytes(text, at);
}

/// Drops `unit` where it stands between the text's ends or non-word characters. A character that
/// ended one match cannot begin the next ("m m m" keeps its second).
std::string without_unit(std::string_view text, std::string_view unit) {
  std::string out;
  std::size_t at = 0;
  while (at <= text.size()) {
    std::size_t unit_begin = std::string_view::npos;
    std::size_t unit_end = std::string_view::npos;
    const auto try_at = [&](std::size_t begin) {
      const std::size_t end = match_end(text, begin, unit);
      if (end == std::string_view::npos) return false;
      if (end < text.size() && boundary_bytes(text, end) == 0) return false;
      unit_begin = begin;
      unit_end = end;
      return true;
    };
    const std::size_t before = at < text.size() ? boundary_bytes(text, at) : 0;
    const bool found = (at == 0 && try_at(0)) || (before > 0 && try_at(at + before));
    if (found) {
      const std::size_t after = unit_end < text.size() ? boundary_bytes(text, unit_end) : 0;
      out.append(text, at, unit_begin - at).append(text, unit_end, after);
      at = unit_end + after;
      if (unit_end == text.size()) break;
    } else {
      if (at == text.size()) break;
      const std::size_t bytes = char_bytes(text, at);
      out.append(text, at, bytes);
      at += bytes;
    }
  }
  return out;
}

}  // namespace

std::string without_qwen_units(std::string text) {
  static const std::vector<std::string> patterns = unit_patterns();
  for (int round = 0; round < 2; ++round) {
    for (const std::string& unit : patterns) {
      // Most units are nowhere in the text: a plain search spares the careful one.
      const std::string_view fixed = std::string_view(unit).substr(0, unit.find('.'));
      if (!contains(text, fixed)) continue;
      std::string shorter = without_unit(text, unit);
      if (!shorter.empty()) text = std::move(shorter);
    }
  }
  return text;
}

}  // namespace assay::evals::compat
