#include "evals/chain/arithmetic/sides.h"

#include <algorithm>
#include <array>
#include <utility>

#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

using Kind = MathToken::Kind;

/// More tokens before a relation than this are not searched for its left side.
constexpr std::size_t max_left_tokens = 160;

bool is_relation(Kind kind) {
  return kind == Kind::equals || kind == Kind::approx || kind == Kind::congruent;
}

}  // namespace

void SideReader::begin_statement(std::size_t begin) {
  opaque_start_ = begin > 0 && !is_plain_end(tokens_[begin - 1]) ? begin : std::string_view::npos;
}

std::optional<Side> SideReader::left(std::size_t limit, std::size_t relation, LeftKind kind) const {
  const auto before = tokens_.first(relation + 1);
  const std::size_t first =
      std::max(limit, relation > max_left_tokens ? relation - max_left_tokens : 0);
  for (std::size_t begin = first; begin < relation; ++begin) {
    if (begin == opaque_start_ || !may_begin(begin, first)) continue;
    auto expression = parse_expression(before, begin);
    if (!expression || expression->end != relation) continue;
    if (begin > limit && absorbed(begin, kind == LeftKind::spoken)) return std::nullopt;
    // "8 boxes = 8 * 20": a quantity that is explained, no equation. A bare number must be all.
    const MathToken* literal = expression->literal();
    const bool bare =
        expression->units.empty() || expression->units[0] == "$" || expression->units[0] == "%";
    const bool concluded = begin > limit && this->kind(begin - 1) == Kind::word &&
                           one_of(tokens_[begin - 1].text, concluding);
    if (literal != nullptr && kind != LeftKind::number &&
        ((begin != limit && !tokens_[begin].opens_math && !concluded) || !bare)) {
      return std::nullopt;
    }
    // Cut off at the limit of the search: there may be more of it.
    if (begin == first && first > limit) return std::nullopt;
    return Side{std::move(*expression), begin};
  }
  return std::nullopt;
}

/// An expression begins at the statement's start or after words, never inside another one.
bool SideReader::may_begin(std::size_t i, std::size_t first) const {
  const Kind here = kind(i);
  const bool operand = here == Kind::number || here == Kind::variable || here == Kind::open ||
                       here == Kind::money || here == Kind::frac || here == Kind::sqrt ||
                       here == Kind::binom || here == Kind::minus || here == Kind::function ||
                       here == Kind::bar || here == Kind::plus_minus;
  if (!operand) return false;
  if (i == first) return true;
  const Kind before = kind(i - 1);
  return before == Kind::word || is_relation(before) ||
         (before == Kind::open && here != Kind::minus && remark_bracket(i - 1));
}

/// "(that is 3 + 4 = 7)" and "(3 + 4 = 7)": a bracket around a whole equation.
bool SideReader::remark_bracket(std::size_t open) const {
  int depth = 0;
  for (std::size_t i = open; i < tokens_.size() && i < open + max_left_tokens; ++i) {
    if (kind(i) == Kind::open) ++depth;
    if (kind(i) == Kind::close && --depth == 0) return false;
    if (depth == 1 && is_relation(kind(i))) return true;
    if (kind(i) == Kind::barrier) return true;
  }
  return true;
}

/// What stands before it makes it part of something larger.
bool SideReader::absorbed(std::size_t begin, bool spoken) const {
  if (kind(begin - 1) != Kind::word) return false;
  const std::string& word = tokens_[begin - 1].text;
  if (spoken && (word == "and" || word == "or")) return true;
  if (one_of(word, absorbing_words)) return true;
  if (word != "of" || begin < 2 || kind(begin - 2) != Kind::word) return word == "of";
  constexpr std::array<std::string_view, 8> names_of_results = {
      "sum", "total", "product", "difference", "quotient", "result", "cost", "value"};
  return !one_of(tokens_[begin - 2].text, names_of_results);
}

std::optional<Side> SideReader::right(std::size_t begin, std::size_t end) const {
  if (begin >= end) return std::nullopt;
  auto expression = parse_expression(tokens_.first(end), begin);
  if (!expression || !right_ends_at(expression->end)) return std::nullopt;
  return Side{std::move(*expression), begin};
}

bool SideReader::right_ends_at(std::size_t next) const {
  switch (kind(next)) {
    case Kind::barrier:
      // "= 12_5", "= 3 : 4", "= 3 \ln 2"
      return next >= tokens_.size() || is_plain_end(tokens_[next]);
    case Kind::equals:
    case Kind::approx:
    case Kind::close:
      return true;
    case Kind::word:
      return word_ends(next);
    case Kind::minus:
      // "= 12 - which is": a dash.
      return kind(next + 1) == Kind::word && joins(next + 1);
    case Kind::open:
      return tokens_[next].space && kind(next + 1) == Kind::word;
    default:
      return false;
  }
}

bool SideReader::is_plain_end(const MathToken& token) {
  constexpr std::array<std::string_view, 20> ends = {"\xE3\x80\x82",
                                                     "\xEF\xBC\x8C",
                                                     "\xEF\xBC\x9B",
                                                     "\xEF\xBC\x9A",
                                                     "\n",
                                                     "",
                                                     ".",
                                                     ",",
                                                     ";",
                                                     ":",
                                                     "?",
                                                     "\\\\",
                                                     "implies",
                                                     "Rightarrow",
                                                     "=>",
                                                     "*",
                                                     "quad",
                                                     "qquad",
                                                     "\xE2\x80\x9D",
                                                     "\xE2\x87\x92"};
  return one_of(token.text, ends);
}

bool SideReader::joins(std::size_t i) const {
  constexpr std::array<std::string_view, 8> joining = {"which", "so", "this", "that",
                                                       "the",   "a",  "we",   "not"};
  return one_of(tokens_[i].text, joining);
}

/// A unit, then words that extend the number or an operator: not the whole right side.
bool SideReader::word_ends(std::size_t i) const {
  for (std::size_t j = i; j < i + 4 && kind(j) == Kind::word; ++j) {
    if (one_of(tokens_[j].text, extending_words)) return false;
    const Kind next = kind(j + 1);
    if (next == Kind::plus || next == Kind::times || next == Kind::slash || next == Kind::caret) {
      return false;
    }
    if (joins(j)) return true;
  }
  return true;
}

ByteSpan SideReader::span(const Side& left, const Side& right) const {
  return {tokens_[left.begin].span.begin, tokens_[right.expression.end - 1].span.end};
}

std::string SideReader::text(std::string_view text, const Side& side) const {
  const ByteSpan span = {tokens_[side.begin].span.begin, tokens_[side.expression.end - 1].span.end};
  return std::string(slice(text, span));
}

}  // namespace assay::chain
