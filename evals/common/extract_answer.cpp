#include "evals/common/extract_answer.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/ascii.h"
#include "evals/common/answer_phrases.h"
#include "evals/common/answer_value.h"

namespace assay::evals {
namespace {

constexpr std::string_view blank_characters = " \t\r\n";

/// text[begin, end) without surrounding characters of `strip`.
ExtractedAnswer trimmed(std::string_view text, std::size_t begin, std::size_t end, AnswerTier tier,
                        std::string_view strip) {
  while (begin < end && strip.find(text[begin]) != npos) ++begin;
  while (end > begin && strip.find(text[end - 1]) != npos) --end;
  return {std::string(text.substr(begin, end - begin)), tier, begin, end};
}

/// For each '{' the place of its '}', or npos. An escaped brace (\{) is a character, not a group.
std::vector<std::pair<std::size_t, std::size_t>> brace_pairs(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      open.push_back(i);
    } else if (text[i] == '}' && !open.empty()) {
      pairs.emplace_back(open.back(), i);
      open.pop_back();
    }
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

/// Where the group or word that is `command`'s argument begins; npos if `place` holds none.
std::size_t argument_of(std::string_view text, std::size_t place) {
  for (const std::string_view command : {"\\boxed", "\\fbox"}) {
    if (!text.substr(place).starts_with(command)) continue;
    const std::size_t begin = text.find_first_not_of(blank_characters, place + command.size());
    if (begin == npos || is_letter(text[place + command.size()])) return npos;
    return begin;
  }
  return npos;
}

/// The boxes of `text` from the last to the first, as long as `wanted` says so of the next.
template <class Wanted>
void each_box_backwards(std::string_view text, Wanted&& wanted) {
  const auto pairs = brace_pairs(text);
  for (std::size_t place = text.rfind('\\'); place != npos;
       place = place == 0 ? npos : text.rfind('\\', place - 1)) {
    const std::size_t begin = argument_of(text, place);
    if (begin == npos) continue;
    std::size_t first = begin;
    std::size_t end = 0;
    if (text[begin] == '{') {
      const auto pair = std::lower_bound(pairs.begin(), pairs.end(), std::pair(begin, begin));
      if (pair == pairs.end() || pair->first != begin) continue;  // never closed
      first = begin + 1;
      end = pair->second;
    } else {
      // "\boxed 12$": TeX would box one token; people who write this mean the rest of the formula.
      end = std::min(text.find_first_of("$\n", begin), text.size());
    }
    ExtractedAnswer answer = trimmed(text, first, end, AnswerTier::boxed, blank_characters);
    if (!answer.text.empty() && !wanted(std::move(answer))) return;
  }
}

std::optional<ExtractedAnswer> last_boxed(std::string_view text) {
  std::optional<ExtractedAnswer> last;
  each_box_backwards(text, [&](ExtractedAnswer answer) {
    last = std::move(answer);
    return false;
  });
  return last;
}

/// Lower-case ASCII copy: byte offsets stay.
std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// Whether the run of digits that ends at `place` follows or precedes a letter.
bool is_in_word(std::string_view text, std::size_t place) {
  std::size_t first = place;
  while (first > 0 && is_digit(text[first - 1])) --first;
  return first > 0 && is_letter(text[first - 1]);
}

/// The '^' or '_' that the run of digits ending at `place` is the script of, or npos: ^3, _{12},
/// ^{-2}.
std::size_t script_before(std::string_view text, std::size_t place) {
  std::size_t first = place;
  while (first > 0 && (is_digit(text[first - 1]) || text[first - 1] == '.')) --first;
  if (first > 0 && text[first - 1] == '-') --first;
  if (first > 0 && text[first - 1] == '{') --first;
  const bool script = first > 0 && (text[first - 1] == '^' || text[first - 1] == '_');
  return script ? first - 1 : npos;
}

/// The first `close` from `begin` on that no backslash escapes.
std::size_t closing_delimiter(std::string_view text, std::size_t begin, std::string_view close) {
  std::size_t end = text.find(close, begin);
  while (end != npos && close[0] == '$' && text[end - 1] == '\\') end = text.find(close, end + 1);
  return end;
}

/// The rest of a sentence; behind its last " is " if it has one ("the area is 12").
ExtractedAnswer sentence_value(std::string_view text, std::size_t begin, AnswerTier tier) {
  const std::size_t end = sentence_end(text, begin);
  const std::size_t verb = text.substr(0, end).rfind(" is ");
  std::string_view opened = begin >= 2 ? text.substr(begin - 2, 2) : std::string_view();
  if (opened != "**" && opened != "__") opened = {};
  if (verb != npos && verb >= begin) {
    begin = verb + 4;
    opened = {};
  }
  const std::string_view raw = text.substr(begin, end - begin);
  ExtractedAnswer answer = trimmed(text, begin, end, tier, " \t\r\n*_`");
  const std::string plain = without_emphasis(raw, opened);
  const bool changed = plain.find_first_not_of(" \t\r\n*_`") != npos && plain.size() < raw.size();
  if (changed) answer.text = trimmed(plain, 0, plain.size(), tier, " \t\r\n*_`").text;
  // {"answer": "42"}
  const bool json = answer.text.ends_with('}') && answer.text.find('{') == npos;
  if (json) answer = trimmed(text, answer.begin, answer.end - 1, tier, " \t\r\n\"");
  return answer;
}

/// Behind words that say nothing about a value: "therefore 7", "equal to 7".
std::size_t behind_fillers(std::string_view text, std::size_t begin) {
  constexpr std::array<std::string_view, 12> fillers = {
      "therefore ", "thus ",   "hence ",   "then ",     "simply ",   "just ",
      "exactly ",   "indeed ", "clearly ", "equal to ", "given by ", "also "};
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view filler : fillers) {
      if (folded(text.substr(begin, filler.size())) != filler) continue;
      begin = text.find_first_not_of(" \t", begin + filler.size());
      if (begin == npos) return text.size();
      found = true;
    }
  }
  return begin;
}

/// The value that a sentence gives from `begin` on: a formula in its delimiters, or plain words.
std::optional<ExtractedAnswer> value_at(std::string_view text, std::size_t begin, AnswerTier tier) {
  begin = text.find_first_not_of(" \t\r\n:=*_", begin);
  if (begin == npos) return std::nullopt;
  begin = behind_fillers(text, begin);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> delimiters = {
      {{"$$", "$$"}, {"$", "$"}, {"\\(", "\\)"}, {"\\[", "\\]"}}};
  ExtractedAnswer answer;
  bool found = false;
  for (const auto& [open, close] : delimiters) {
    if (!text.substr(begin).starts_with(open)) continue;
    const std::size_t first = begin + open.size();
    const std::size_t end = text.find(close, first);
    // "$5 and $6" on two lines: prices, no formula. A display may span lines, and what has a
    // command.
    const std::string_view body = text.substr(first, end == npos ? 0 : end - first);
    const bool display = open == "$$" || open == "\\[" || body.find('\\') != npos;
    if (end == npos || body.find(display ? "\n\n" : "\n") != npos) break;
    answer = trimmed(text, first, end, tier, blank_characters);
    // "$x = 1$ or $x = 2$": all of it.
    const std::size_t stop = sentence_end(text, end + close.size());
    found = text.substr(0, stop).find(open, end + close.size()) == npos;
    break;
  }
  if (!found) answer = sentence_value(text, begin, tier);
  // "The answer is within \\boxed{}": the instruction again, since no box held anything.
  if (answer.text.empty() || answer.text.find("\\boxed") != npos) return std::nullopt;
  return answer;
}

std::optional<ExtractedAnswer> after_phrase(std::string_view text, std::string_view lower,
                                            std::string_view subject, AnswerTier tier) {
  int tries = 64;  // each may read the rest of the text
  for (std::size_t place = lower.rfind(subject); place != npos && tries-- > 0;
       place = place == 0 ? npos : lower.rfind(subject, place - 1)) {
    const auto begin = value_behind_phrase(text, lower, place, subject);
    if (!begin) continue;
    if (auto answer = value_at(text, *begin, tier)) return answer;
  }
  return std::nullopt;
}

/// What an <answer> element holds.
std::optional<ExtractedAnswer> in_answer_element(std::string_view text, std::string_view lower) {
  const auto span = answer_element(lower);
  if (!span) return std::nullopt;
  const std::string_view element = text.substr(0, span->end);
  // A sentence that says the answer, or the answer alone.
  const std::string_view inside = element.substr(span->begin);
  if (lower.substr(span->begin, inside.size()).find("answer") != npos) {
    return after_phrase(element, lower.substr(0, span->end), "answer", AnswerTier::final_answer);
  }
  auto answer = value_at(element, span->begin, AnswerTier::final_answer);
  if (answer) return answer;
  ExtractedAnswer whole =
      trimmed(text, span->begin, span->end, AnswerTier::final_answer, " \t\r\n*_`$");
  return whole.text.empty() ? std::nullopt : std::optional(std::move(whole));
}

/// Whether a formula opens before `place` and never closes: what stands behind it may be any part
/// of it. A '$' before digits is a price.
bool follows_broken_formula(std::string_view text, std::size_t place) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> delimiters = {
      {{"$$", "$$"}, {"\\[", "\\]"}, {"\\(", "\\)"}, {"$", "$"}}};
  for (std::size_t i = 0; i < place; ++i) {
    if (text.substr(i).starts_with("\\$") || text.substr(i).starts_with("\\\\")) {
      ++i;
      continue;
    }
    for (const auto& [open, close] : delimiters) {
      if (!text.substr(i).starts_with(open)) continue;
      const bool one_line = open == "$" || open == "\\(";
      const std::size_t first = i + open.size();
      const std::size_t limit = one_line ? std::min(text.find('\n', first), text.size()) : npos;
      const std::size_t end = closing_delimiter(text.substr(0, limit), first, close);
      const std::size_t next = text.find_first_not_of(' ', first);
      const bool price = open == "$" && next != npos && is_digit(text[next]);
      if (end == npos && !price) return true;
      if (end != npos) i = end + close.size() - 1;
      break;
    }
  }
  return false;
}

/// Whether a verb or sign says that something is a value. "2 hours 30 minutes" does not.
bool states_value(std::string_view text) {
  const std::string lower = ' ' + folded(text);
  constexpr std::array<std::string_view, 17> words = {
      " is ",   " are ",  "=",        ":",    " was ",  " be ",    " equal", "'s ",   " get ",
      " gives", " there", " therefo", " so ", " thus ", " hence ", " has ",  " have "};
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return lower.find(word) != npos; });
}

/// Whether one number stands there, and no word that makes another one of it.
bool has_one_number(std::string_view text, const ExtractedAnswer& number) {
  if (text.substr(0, number.begin).find_first_of("0123456789") != npos) return false;
  const std::string lower = folded(text);
  constexpr std::array<std::string_view, 12> words = {
      "root",    "reciprocal", "half",  "third", "negative", "minus",
      "inverse", "squared",    "cubed", "power", " not ",    "least"};
  return std::none_of(words.begin(), words.end(),
                      [&](std::string_view word) { return lower.find(word) != npos; });
}

/// Whether words stand anywhere in the value.
bool has_text(const AnswerValue& value) {
  return value.kind == AnswerValue::Kind::text ||
         std::any_of(value.items.begin(), value.items.end(), has_text);
}

}  // namespace

std::string_view answer_tier_name(AnswerTier tier) {
  switch (tier) {
    case AnswerTier::boxed:
      return "T1";
    case AnswerTier::final_answer:
      return "T2";
    case AnswerTier::answer:
      return "T3";
    case AnswerTier::last_math:
      return "T4";
    case AnswerTier::last_number:
      break;
  }
  return "T5";
}

std::optional<ExtractedAnswer> extract_answer(std::string_view text) {
  if (auto answer = last_boxed(text)) return answer;
  const std::string lower = folded(text);
  if (auto answer = in_answer_element(text, lower)) return answer;
  if (auto answer = after_phrase(text, lower, "final answer", AnswerTier::final_answer)) {
    return answer;
  }
  if (auto answer = after_phrase(text, lower, "answer", AnswerTier::answer)) return answer;
  for (const std::string_view subject : {"correct option", "correct choice"}) {
    if (auto answer = after_phrase(text, lower, subject, AnswerTier::answer)) return answer;
  }
  if (const auto span = value_before_phrase(text, lower)) {
    return value_at(text.substr(0, span->end), span->begin, AnswerTier::answer);
  }
  const auto foreign = value_behind_foreign_phrase(text);
  return foreign ? value_at(text, *foreign, AnswerTier::answer) : std::nullopt;
}

std::vector<ExtractedAnswer> boxed_answers(std::string_view text) {
  std::vector<ExtractedAnswer> found;
  each_box_backwards(text, [&](ExtractedAnswer answer) {
    const bool same_paragraph =
        found.empty() ||
        text.substr(answer.end, found.back().begin - answer.end).find("\n\n") == npos;
    if (!same_paragraph) return false;
    const bool encloses = !found.empty() && answer.end >= found.back().end;
    if (encloses) return true;  // \boxed{\boxed{4}}
    const bool repeated = std::any_of(found.begin(), found.end(),
                                      [&](const auto& other) { return other.text == answer.text; });
    if (!repeated) found.push_back(std::move(answer));
    return true;
  });
  std::reverse(found.begin(), found.end());
  return found;
}

std::optional<ExtractedAnswer> extract_last_math(std::string_view text) {
  struct Delimiter {
    std::string_view open;
    std::string_view close;
    bool one_line;
    std::size_t barren = 0;  ///< no closing one before this place: each byte is searched once
  };
  std::array<Delimiter, 4> delimiters = {
      {{"$$", "$$", false}, {"\\[", "\\]", false}, {"\\(", "\\)", true}, {"$", "$", true}}};
  std::optional<ExtractedAnswer> last;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' && text[i] != '\\') continue;
    if (text.substr(i).starts_with("\\$") || text.substr(i).starts_with("\\\\")) {
      ++i;  // a price, a row's end
      continue;
    }
    for (Delimiter& delimiter : delimiters) {
      if (i < delimiter.barren || !text.substr(i).starts_with(delimiter.open)) continue;
      const std::size_t first = i + delimiter.open.size();
      const std::size_t limit =
          delimiter.one_line ? std::min(text.find('\n', first), text.size()) : text.size();
      const std::size_t end = closing_delimiter(text.substr(0, limit), first, delimiter.close);
      if (end == npos) {
        delimiter.barren = limit;
        continue;
      }
      ExtractedAnswer answer = trimmed(text, first, end, AnswerTier::last_math, blank_characters);
      // "27 cm$^3$": a script of what stands before, no formula of its own.
      const bool script = !answer.text.empty() && (answer.text[0] == '^' || answer.text[0] == '_');
      if (!answer.text.empty() && !script) last = std::move(answer);
      i = end + delimiter.close.size() - 1;
      break;
    }
  }
  return last;
}

std::string answer_in(std::string_view text, bool one_box) {
  const std::vector<ExtractedAnswer> boxes = boxed_answers(text);
  if (one_box && !boxes.empty()) return boxes.back().text;
  std::string joined;
  for (const ExtractedAnswer& box : boxes) joined += (joined.empty() ? "" : ", ") + box.text;
  if (!joined.empty()) return joined;
  const ParsedAnswer whole = parse_answer(text);
  const bool readable =
      whole.status == ParseStatus::value && !whole.value.incomplete && !has_text(whole.value);
  if (readable) return std::string(text);
  if (const auto answer = extract_answer(text)) return answer->text;
  // A sentence: its last formula or number, whichever stands later. A few words are the answer.
  constexpr auto few_words = 3;
  const auto math = extract_last_math(text);
  auto number = extract_last_number(text);
  if (number && follows_broken_formula(text, number->begin)) number.reset();
  if (math && (!number || number->begin < math->end)) return math->text;
  const bool sentence = std::count(text.begin(), text.end(), ' ') >= few_words;
  if (number && sentence && (states_value(text) || has_one_number(text, *number))) {
    return number->text;
  }
  return std::string(text);
}

std::optional<ExtractedAnswer> extract_last_number(std::string_view text) {
  std::size_t end = text.find_last_of("0123456789");
  std::size_t power = npos;  // where the exponent behind the number ends
  while (end != npos) {
    if (is_in_word(text, end)) {
      while (end > 0 && is_digit(text[end - 1])) --end;
    } else if (const std::size_t base = script_before(text, end); base != npos) {
      // "cm^3", "x_1": what is raised is no number. 2^{10} is one.
      const bool number = text[base] == '^' && base > 0 && is_digit(text[base - 1]);
      if (text[base] == '^' && base > 0 && text[base - 1] == ')') return std::nullopt;
      if (number) power = end + 1 < text.size() && text[end + 1] == '}' ? end + 2 : end + 1;
      end = base;
      if (number) break;
    } else {
      break;
    }
    end = end == 0 ? npos : text.find_last_of("0123456789", end - 1);
  }
  if (end == npos) return std::nullopt;
  if (power == npos) ++end;
  std::size_t begin = end;
  const auto before = [&](std::size_t i) { return i > 0 ? text[i - 1] : ' '; };
  while (begin > 0 &&
         (is_digit(text[begin - 1]) || (std::string_view(",./").find(text[begin - 1]) != npos &&
                                        is_digit(before(begin - 1)) && is_digit(text[begin])))) {
    --begin;
  }
  // A sign, unless it is a minus between two terms.
  if (before(begin) == '-' && (begin < 2 || !is_digit(text[begin - 2]))) --begin;
  if (power != npos) end = power;
  return ExtractedAnswer{std::string(text.substr(begin, end - begin)), AnswerTier::last_number,
                         begin, end};
}

}  // namespace assay::evals
