#include "evals/common/answer_frames.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "evals/common/answer_words.h"
#include "evals/common/number_words.h"
#include "evals/common/token_spans.h"

namespace assay::evals {
namespace {

using Kind = AnswerToken::Kind;

bool is_word(const AnswerToken& token, std::initializer_list<std::string_view> set) {
  return token.kind == Kind::word &&
         std::find(set.begin(), set.end(), lower_case(token.text)) != set.end();
}

bool begins_value(const AnswerToken& token) {
  return token.kind == Kind::number || token.kind == Kind::command || token.text == "\\$" ||
         token.text == "(" || token.text == "-";
}

/// "it is 5", "there are 5", "on Saturday"
AnswerTokens without_clause(AnswerTokens tokens) {
  const bool clause = tokens.size() > 2 && is_word(tokens[0], {"it", "there", "that", "this"}) &&
                      is_word(tokens[1], {"is", "are", "was", "were"});
  if (clause) return tokens.subspan(2);
  const bool on = tokens.size() == 2 && is_word(tokens[0], {"on"}) && tokens[1].kind == Kind::word;
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
  const bool tail = tokens.size() == 2 && tokens[0].kind == Kind::number &&
                    is_word(tokens[1], {"more", "times", "altogether", "total", "left"});
  return tail ? tokens.first(1) : tokens;
}

/// "option C", "Choice (C)": the letter.
AnswerTokens without_option_word(AnswerTokens tokens) {
  const bool word =
      tokens.size() > 1 && tokens.size() < 5 && is_word(tokens[0], {"option", "choice"});
  const std::size_t letter = word && tokens[1].text == "(" ? 2 : 1;
  const bool one = word && letter < tokens.size() && tokens[letter].kind == Kind::word &&
                   tokens[letter].text.size() == 1;
  return one ? tokens.subspan(1) : tokens;
}

/// "a parabola" is a parabola; "A or B" is no article, nor is the A of "A only".
AnswerTokens without_article(AnswerTokens tokens) {
  const bool noun = tokens.size() > 1 && tokens[1].kind == Kind::word &&
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
  if (n < 6 || tokens[n - 4].text != "^" || tokens[n - 1].kind != Kind::close) return tokens;
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
  for (const auto strip : {without_clause, without_adverb, without_tail, without_option_word,
                           without_article, without_transposition}) {
    tokens = strip(tokens);
  }
  return tokens;
}

}  // namespace assay::evals
