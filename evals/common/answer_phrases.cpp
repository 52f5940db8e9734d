#include "evals/common/answer_phrases.h"

#include <algorithm>
#include <array>

namespace assay::evals {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view marks = "*_#>` \t-";

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

/// Behind "is" and its kin at the front of `lower`: their length, or 0.
std::size_t copula(std::string_view lower) {
  constexpr std::array<std::string_view, 9> verbs = {" is",       " are",      " was",
                                                     " would be", " will be",  " should be",
                                                     " must be",  " comes to", " equals"};
  for (const std::string_view verb : verbs) {
    if (!lower.starts_with(verb)) continue;
    if (lower.size() == verb.size() || !is_letter(lower[verb.size()])) return verb.size();
  }
  return 0;
}

/// " to this question is", " for part b is": a few words of the same sentence.
std::size_t apposition(std::string_view lower) {
  constexpr std::size_t longest = 80;
  if (!lower.starts_with(" to ") && !lower.starts_with(" for ") && !lower.starts_with(" of ")) {
    return 0;
  }
  lower = lower.substr(0, longest);
  const std::string_view sentence = lower.substr(0, lower.find_first_of(".\n:$\\"));
  const std::size_t verb = sentence.rfind(" is ");
  return verb == npos ? 0 : verb + 3;
}

/// Whether only marks of a heading stand before `place` on its line.
bool begins_line(std::string_view lower, std::size_t place) {
  const std::size_t line = place == 0 ? npos : lower.rfind('\n', place - 1);
  const std::size_t first = line == npos ? 0 : line + 1;
  std::string_view before = lower.substr(first, place - first);
  for (const std::string_view word : {"final ", "the "}) {
    if (before.ends_with(word)) before.remove_suffix(word.size());
  }
  return before.find_first_not_of(marks) == npos;
}

struct ForeignPhrase {
  std::string_view noun;
  std::string_view copula;  ///< "": a colon must follow
};

constexpr ForeignPhrase foreign_phrases[] = {
    {"\u7B54\u6848", "\u662F"},  // Chinese
    {"\u7B54\u6848", "\u4E3A"},
    {"\u7B54\u6848", "\u70BA"},
    {"\u7B54", "\u6848\u5E94\u4E3A"},
    {"\u7B54\u3048", "\u306F"},  // Japanese
    {"\u7B54", "\u306F"},
    {"\u6B63\u89E3", "\u306F"},
    {"\uC815\uB2F5", "\uC740"},  // Korean
    {"\uC815\uB2F5", "\uB294"},
    {"\uB2F5", "\uC740"},
    {"\u041E\u0442\u0432\u0435\u0442", ""},  // Russian, Ukrainian
    {"\u043E\u0442\u0432\u0435\u0442", ""},
    {"Antwort", " ist"},  // German
    {"Antwort", " lautet"},
    {"Ergebnis", " ist"},
    {"espuesta", " es"},                    // Spanish
    {"\u00E9ponse", " est"},                // French
    {"isposta", " \u00E8"},                 // Italian
    {"esposta", " \u00E9"},                 // Portuguese
    {"dpowied\u017A", " to"},               // Polish
    {"\u0111\u00E1p \u00E1n", " l\u00E0"},  // Vietnamese
    {"\u0110\u00E1p \u00E1n", " l\u00E0"},
    {"\u0111\u00E1p s\u1ED1", " l\u00E0"},
    {"\u0110\u00E1p s\u1ED1", " l\u00E0"},
    {"evap", ""},                                               // Turkish
    {"\u0627\u0644\u062C\u0648\u0627\u0628", " \u0647\u0648"},  // Arabic
    {"\u0627\u0644\u0625\u062C\u0627\u0628\u0629", " \u0647\u064A"},
    {"\u0909\u0924\u094D\u0924\u0930", ""}};  // Hindi

}  // namespace

std::optional<std::size_t> value_behind_phrase(std::string_view text, std::string_view lower,
                                               std::size_t place, std::string_view subject) {
  std::size_t rest = place + subject.size();
  if (lower.substr(rest).starts_with("s ")) ++rest;  // "the answers are"
  const std::string_view behind = lower.substr(rest);
  if (const std::size_t verb = copula(behind)) return rest + verb;
  if (const std::size_t verb = apposition(behind)) return rest + verb;
  const std::size_t sign = lower.find_first_not_of("*_ ", rest);
  if (sign == npos) return std::nullopt;
  if (lower[sign] == ':' || lower[sign] == '=') return sign;
  // "## Answer" and the value on a line below.
  if (text[sign] == '\n' && begins_line(lower, place)) return sign;
  return std::nullopt;
}

std::optional<std::size_t> value_behind_foreign_phrase(std::string_view text) {
  constexpr std::string_view wide_colon = "\uFF1A";
  std::size_t last = 0;
  bool found = false;
  for (const ForeignPhrase& phrase : foreign_phrases) {
    for (std::size_t place = text.rfind(phrase.noun); place != npos;
         place = place == 0 ? npos : text.rfind(phrase.noun, place - 1)) {
      std::size_t rest = place + phrase.noun.size();
      rest = std::min(text.find_first_not_of("*_", rest), text.size());
      const std::string_view behind = text.substr(rest);
      const std::size_t blank = std::min(behind.find_first_not_of(' '), behind.size());
      std::size_t length = 0;
      if (!phrase.copula.empty() && behind.starts_with(phrase.copula))
        length = phrase.copula.size();
      if (behind.substr(blank).starts_with(':')) length = blank + 1;
      if (behind.substr(blank).starts_with(wide_colon)) length = blank + wide_colon.size();
      if (length == 0) continue;
      if (behind.substr(length).starts_with(wide_colon)) length += wide_colon.size();
      last = std::max(last, rest + length);
      found = true;
      break;
    }
  }
  return found ? std::optional(last) : std::nullopt;
}

std::optional<TextSpan> answer_element(std::string_view lower) {
  constexpr std::string_view open = "<answer>";
  constexpr std::string_view close = "</answer>";
  const std::size_t begin = lower.rfind(open);
  if (begin == npos) return std::nullopt;
  const std::size_t first = begin + open.size();
  const std::size_t end = lower.find(close, first);
  return TextSpan{first, end == npos ? lower.size() : end};
}

}  // namespace assay::evals
