#include "evals/common/answer_phrases.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "evals/common/answer_words.h"

namespace assay::evals {
namespace {

constexpr std::string_view marks = "*_#>` \t-";

/// Behind "is" and its kin at the front of `lower`: their length, or 0.
std::size_t copula(std::string_view lower) {
  constexpr std::array<std::string_view, 9> verbs = {" is",       " are",      " was",
                                                     " would be", " will be",  " should be",
                                                     " must be",  " comes to", " equals"};
  for (const std::string_view verb : verbs) {
    if (!lower.starts_with(verb)) continue;
    if (lower.size() == verb.size() || !is_lower(lower[verb.size()])) return verb.size();
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

/// "(since 6*7=42)", "(not 24)", "(3 red and 2 green)": words in brackets behind a value. "(mod
/// 7)",
/// "(base 2)" and "(\sin x)" are parts of one.
bool begins_aside(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string_view inside = text.substr(0, longest);
  inside = inside.substr(0, inside.find_first_of(")\n"));
  bool words = false;
  for (std::size_t i = 1; i < inside.size();) {
    std::size_t end = i;
    while (end < inside.size() && is_letter(inside[end])) ++end;
    const std::string_view word = inside.substr(i, end - i);
    if (word == "mod" || word == "base") return false;
    words = words || (is_plain_word(word) && inside[i - 1] != '\\' && inside[i - 1] != '{' &&
                      function_named(word).empty() && greek_named(word).empty());
    i = std::max(end, i + 1);
  }
  return words;
}

/// "42 since 6*7 = 42", "42 as required", "42 for all x": what the sentence says of its value.
bool begins_remark(std::string_view text) {
  constexpr std::array<std::string_view, 12> remarks = {
      " since ",     " because ", " as required", " as desired", " as needed", " as expected",
      " as claimed", " for all ", " for any ",    " for every ", " when ",     " whenever "};
  return std::any_of(remarks.begin(), remarks.end(),
                     [&](std::string_view remark) { return text.starts_with(remark); });
}

/// Where a model's control token or a line break of HTML stands.
bool begins_control(std::string_view text) {
  constexpr std::array<std::string_view, 5> tokens = {"</", "<|", "<br", "<\uFF5C", "[/INST]"};
  return std::any_of(tokens.begin(), tokens.end(),
                     [&](std::string_view token) { return text.starts_with(token); });
}

}  // namespace

std::size_t sentence_end(std::string_view text, std::size_t begin) {
  for (std::size_t i = begin; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    const char next = rest.size() > 1 ? rest[1] : '\n';
    if (text[i] == '\n' || rest.starts_with("\u3002")) return i;
    if (text[i] == '.' && (next == '*' || next == '<' ||
                           (next == ' ' || next == '\t' || next == '\r' || next == '\n')))
      return i;
    const bool word = rest.size() > 2 && next == ' ' && is_letter(rest[2]);
    // "12, because ..." and "12; done", but not "1, 2" or "1; y = 2".
    if (text[i] == ',' && word) return i;
    if (text[i] == ';' && word && rest.size() > 3 && is_letter(rest[3])) return i;
    if (text[i] == '<' && begins_control(rest)) return i;
    if (text[i] != ' ') continue;
    if (next == '(' && begins_aside(rest.substr(1))) return i;
    if (begins_remark(rest)) return i;
  }
  return text.size();
}

std::string without_emphasis(std::string_view text, std::string_view opened) {
  std::string out;
  std::string open(opened);
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view run = text.substr(i, 2);
    const bool mark = run == "**" || run == "__";
    const char before = out.empty() ? ' ' : out.back();
    const bool closes = mark && open == run;
    const bool opens = mark && open.empty() && text.find(run, i + 2) != npos && !is_digit(before) &&
                       !is_letter(before) && before != ')';
    if (!closes && !opens) {
      out += text[i++];
      continue;
    }
    open = closes ? "" : std::string(run);
    i += 2;
  }
  return out;
}

std::optional<std::size_t> value_behind_phrase(std::string_view text, std::string_view lower,
                                               std::size_t place, std::string_view subject) {
  std::size_t rest = place + subject.size();
  if (lower.substr(rest).starts_with("s ")) ++rest;  // "the answers are"
  const std::string_view behind = lower.substr(rest);
  if (const std::size_t verb = copula(behind)) return rest + verb;
  if (const std::size_t verb = apposition(behind)) return rest + verb;
  const std::size_t sign = lower.find_first_not_of("*_ \"", rest);
  if (sign == npos) return std::nullopt;
  for (const std::string_view arrow : {"->", "=>", "\u2192", "\u21D2"}) {
    if (lower.substr(sign).starts_with(arrow)) return sign + arrow.size();
  }
  if (lower[sign] == ':' || lower[sign] == '=') return sign;
  // "## Answer" and the value on a line below.
  if (text[sign] == '\n' && begins_line(lower, place)) return sign;
  return std::nullopt;
}

std::optional<TextSpan> value_before_phrase(std::string_view text, std::string_view lower) {
  constexpr std::size_t longest_value = 80;
  for (const std::string_view phrase :
       {" is the answer", " is the final answer", " is the correct answer", " is our answer",
        " is our final answer"}) {
    const std::size_t end = lower.rfind(phrase);
    if (end == npos) continue;
    std::size_t begin = end > longest_value ? end - longest_value : 0;
    for (std::size_t i = begin + 1; i < end; ++i) {
      const bool stop = text[i] == '\n' || (text[i] == '.' && text[i + 1] == ' ') ||
                        (text[i] == ',' && text[i + 1] == ' ' && is_letter(text[i - 1]));
      if (stop) begin = i + 1;
    }
    for (const std::string_view word : {"so ", "thus ", "hence ", "therefore ", "then "}) {
      const std::size_t first = std::min(lower.find_first_not_of(' ', begin), end);
      if (lower.substr(first, end - first).starts_with(word)) begin = first + word.size();
    }
    const std::string_view value = text.substr(begin, end - begin);
    if (value.find_first_of("0123456789\\$") != npos) return TextSpan{begin, end};
  }
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
