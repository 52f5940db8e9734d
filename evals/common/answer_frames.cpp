#include "evals/common/answer_frames.h"

#include <gmpxx.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "evals/common/answer_words.h"
#include "evals/common/number_words.h"
#include "evals/common/token_spans.h"

namespace assay::evals {
namespace {

using TokenKind = AnswerToken::Kind;

bool is_word(const AnswerToken& token, std::initializer_list<std::string_view> set) {
  return token.kind == TokenKind::word &&
         std::find(set.begin(), set.end(), lower_case(token.text)) != set.end();
}

bool begins_value(const AnswerToken& token) {
  return token.kind == TokenKind::number || token.kind == TokenKind::command ||
         token.text == "\\$" || token.text == "(" || token.text == "-";
}

/// "it is 5", "there are 5", "on Saturday"
AnswerTokens without_clause(AnswerTokens tokens) {
  const bool clause = tokens.size() > 2 && is_word(tokens[0], {"it", "there", "that", "this"}) &&
                      is_word(tokens[1], {"is", "are", "was", "were"});
  if (clause) return tokens.subspan(2);
  const bool on =
      tokens.size() == 2 && is_word(tokens[0], {"on"}) && tokens[1].kind == TokenKind::word;
  return on ? tokens.subspan(1) : tokens;
}

/// "exactly 5", "about \frac12"
AnswerTokens without_adverb(AnswerTokens tokens) {
  const bool adverb = tokens.size() > 1 && begins_value(tokens[1]) &&
                      is_word(tokens[0], {"exactly", "only", "just", "about", "approximately",
                                          "roughly", "around", "approx", "precisely"});
  return adverb ? tokens.subspan(1) : tokens;
}

/// "5 more", "5 times"
AnswerTokens without_tail(AnswerTokens tokens) {
  const bool tail = tokens.size() == 2 && tokens[0].kind == TokenKind::number &&
                    is_word(tokens[1], {"more", "times", "altogether", "total", "left"});
  return tail ? tokens.first(1) : tokens;
}

/// A word of a language: "Sarah" and "Ans" are, x and AB are not.
bool is_spoken(const AnswerToken& token) {
  if (token.kind != TokenKind::word || token.text.size() < 2) return false;
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const bool capitalised =
      !is_lower(token.text[0]) && std::all_of(token.text.begin() + 1, token.text.end(), is_lower);
  const bool named = !function_named(token.text).empty() || !constant_named(token.text).empty() ||
                     !greek_named(token.text).empty();
  return !named && (token.in_text || capitalised || is_plain_word(token.text));
}

/// "Sarah: 12", "Total cost: $18"
AnswerTokens without_label(AnswerTokens tokens) {
  constexpr std::size_t most_words = 4;
  std::size_t colon = 0;
  while (colon < tokens.size() && colon <= most_words && is_spoken(tokens[colon])) ++colon;
  if (colon == 0 || colon + 1 >= tokens.size() || tokens[colon].text != ":") return tokens;
  // "Answer: (B) Paris" is a choice; a colon behind a blank is another language's.
  const bool choice =
      colon + 3 < tokens.size() && tokens[colon + 1].text == "(" && tokens[colon + 3].text == ")";
  const bool apart = tokens[colon].blank_before && !tokens[colon - 1].in_text;
  const bool labelled = begins_value(tokens[colon + 1]) && !choice && !apart;
  if (!labelled) return tokens;
  const AnswerTokens rest = tokens.subspan(colon + 1);
  const bool another = std::any_of(rest.begin(), rest.end(),
                                   [](const AnswerToken& token) { return token.text == ":"; });
  return another ? tokens : rest;
}

/// "12 apples left over", "5 in total": how the number came about.
AnswerTokens without_qualifier(AnswerTokens tokens) {
  constexpr std::array<std::array<std::string_view, 2>, 7> tails = {{{"left", "over"},
                                                                     {"in", "total"},
                                                                     {"in", "all"},
                                                                     {"", "left"},
                                                                     {"", "remaining"},
                                                                     {"", "altogether"},
                                                                     {"", "total"}}};
  if (tokens.size() < 3 || !begins_value(tokens[0])) return tokens;
  for (const auto& [before, last] : tails) {
    const std::size_t length = before.empty() ? 1 : 2;
    const bool tail = is_word(tokens.back(), {last}) &&
                      (before.empty() || is_word(tokens[tokens.size() - 2], {before}));
    if (tail && tokens.size() > length) return tokens.first(tokens.size() - length);
  }
  return tokens;
}

/// The number that a numeral or digits say, if that is all of `tokens`.
std::optional<mpq_class> number_of(AnswerTokens tokens) {
  if (tokens.size() == 1 && tokens[0].kind == TokenKind::number &&
      tokens[0].text.find_first_not_of("0123456789") == std::string::npos) {
    return mpq_class(tokens[0].text, 10);
  }
  const auto words = number_in_words(tokens);
  return words && words->used == tokens.size() ? std::optional(words->value) : std::nullopt;
}

/// "14 (rounded)", "10 (ten)", "six (6)"; "5 (mod 7)" and "12 (cm)" say more.
AnswerTokens without_aside(AnswerTokens tokens) {
  if (tokens.size() < 4 || tokens.back().text != ")") return tokens;
  std::size_t open = tokens.size() - 1;
  while (open > 0 && tokens[open].text != "(") --open;
  const AnswerTokens inside = tokens.subspan(open + 1, tokens.size() - open - 2);
  const AnswerTokens front = tokens.first(open);
  if (open == 0 || inside.empty()) return tokens;
  if (const auto same = number_of(inside)) return number_of(front) == same ? front : tokens;
  const bool words = std::all_of(inside.begin(), inside.end(), is_spoken) &&
                     !is_word(inside[0], {"mod", "base"}) &&
                     (unit_named(inside[0].text).empty() || is_word(inside[0], {"unit", "units"}));
  // "14 (rounded)", not \cosh(at).
  const AnswerToken& last = front.back();
  const bool value = front[0].kind == TokenKind::number || front[0].text == "\\$" ||
                     front[0].text == "-" || front[0].text == "\\frac";
  const bool ends = last.kind == TokenKind::number || last.kind == TokenKind::close ||
                    last.kind == TokenKind::word || last.text == "\\%" || last.text == "\\degree";
  const bool apart = tokens[open].blank_before || tokens[open].in_text;
  return words && value && ends && apart ? front : tokens;
}

/// "option C", "Choice (C)": the letter.
AnswerTokens without_option_word(AnswerTokens tokens) {
  const bool word =
      tokens.size() > 1 && tokens.size() < 5 && is_word(tokens[0], {"option", "choice"});
  const std::size_t letter = word && tokens[1].text == "(" ? 2 : 1;
  const bool one = word && letter < tokens.size() && tokens[letter].kind == TokenKind::word &&
                   tokens[letter].text.size() == 1;
  return one ? tokens.subspan(1) : tokens;
}

/// "a parabola" is a parabola; "A or B" is no article, nor is the A of "A only".
AnswerTokens without_article(AnswerTokens tokens) {
  const bool noun = tokens.size() > 1 && tokens[1].kind == TokenKind::word &&
                    is_plain_word(tokens[1].text) && !is_word(tokens[1], {"or", "and"});
  const bool letter = noun && tokens.size() == 2 && tokens[0].text == "A";
  const bool article = noun && !letter && is_word(tokens[0], {"a", "an", "the"});
  const bool numeral = article && number_in_words(tokens).has_value();  // a half
  const bool formula =
      article && (!function_named(tokens[1].text).empty() ||
                  !constant_named(tokens[1].text).empty() || !greek_named(tokens[1].text).empty());
  return article && !numeral && !formula ? tokens.subspan(1) : tokens;
}

/// (1, 2)^T: a column is a tuple here anyway.
AnswerTokens without_transposition(AnswerTokens tokens) {
  const std::size_t n = tokens.size();
  if (n < 6 || tokens[n - 4].text != "^" || tokens[n - 1].kind != TokenKind::close) return tokens;
  const std::string_view mark = tokens[n - 2].text;
  const bool bracket = tokens[0].text == "(" || tokens[0].text == "[";
  const bool transposed = mark == "T" || mark == "\\top" || mark == "\\intercal";
  if (!transposed || !bracket || !encloses(tokens.first(n - 4))) return tokens;
  const auto parts =
      pieces(tokens.subspan(1, n - 6), [](const AnswerToken& token) { return token.text == ","; });
  return parts.size() > 1 ? tokens.first(n - 4) : tokens;
}

}  // namespace

AnswerTokens without_frame(AnswerTokens tokens) {
  for (const auto strip :
       {without_clause, without_label, without_adverb, without_aside, without_qualifier,
        without_tail, without_option_word, without_article, without_transposition}) {
    tokens = strip(tokens);
  }
  return tokens;
}

}  // namespace assay::evals
