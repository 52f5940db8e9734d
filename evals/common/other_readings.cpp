#include "evals/common/other_readings.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "evals/common/answer_words.h"
#include "evals/common/quantities.h"
#include "evals/common/token_spans.h"
#include "evals/common/vector_readings.h"

namespace assay::evals {
namespace {

using ValueKind = AnswerValue::Kind;
using TokenKind = AnswerToken::Kind;
using Op = MathExpr::Op;

bool is_symbol(const AnswerValue& value) {
  return value.kind == ValueKind::expression && value.unit.empty() && value.expr.op == Op::symbol;
}

bool is_whole_constant(const AnswerValue& value) {
  return !value.incomplete && is_constant(value);
}

bool is_equation_chain(const AnswerValue& value) {
  return value.kind == ValueKind::relation &&
         std::all_of(value.relations.begin(), value.relations.end(),
                     [](const auto& name) { return name == "="; });
}

/// The sides before the last one, which only approximates them.
void add_exact_side(const AnswerValue& value, AnswerTokens tokens, std::vector<AnswerValue>& out) {
  const auto approximates = [](const AnswerToken& token) {
    return token.text == "\\approx" || token.text == "\\simeq";
  };
  if (!std::any_of(tokens.begin(), tokens.end(), approximates)) return;
  if (value.items.size() == 2) {
    if (is_whole_constant(value.items[0])) out.push_back(value.items[0]);
    return;
  }
  AnswerValue exact = value;
  exact.items.pop_back();
  exact.relations.pop_back();
  out.push_back(std::move(exact));
}

void add_sides(const AnswerValue& value, AnswerTokens tokens, const AnswerValue& other,
               std::vector<AnswerValue>& out) {
  if (!is_equation_chain(value) || other.kind == ValueKind::relation) return;
  add_exact_side(value, tokens, out);
  const AnswerValue& first = value.items.front();
  const AnswerValue& last = value.items.back();
  if (value.items.size() == 2 && is_whole_constant(first) && is_symbol(last)) out.push_back(first);
  const bool unreadable_before =
      std::any_of(value.items.begin(), value.items.end() - 1,
                  [](const AnswerValue& item) { return item.incomplete; });
  if (unreadable_before && !last.incomplete) out.push_back(last);
}

/// 100,200,300 beside a list or set of as many: its commas separate.
void add_ungrouped(AnswerTokens tokens, const AnswerValue& other, std::vector<AnswerValue>& out) {
  const auto is_grouped = [](const AnswerToken& token) { return token.grouped; };
  const bool several = other.kind == ValueKind::list || other.kind == ValueKind::set;
  if (!several || std::none_of(tokens.begin(), tokens.end(), is_grouped)) return;
  std::vector<AnswerToken> apart;
  for (const AnswerToken& token : tokens) {
    apart.push_back(token);
    if (!token.grouped) continue;
    std::string_view digits = token.text;
    const std::size_t point = std::min(digits.find('.'), digits.size());
    std::size_t length = (point - 1) % 3 + 1;
    apart.pop_back();
    for (std::size_t at = 0; at < point; at += std::exchange(length, 3)) {
      const std::size_t end = at + length == point ? digits.size() : at + length;
      if (at > 0 && digits[at] == '0') return;  // no element is written 000
      if (at > 0) apart.push_back({TokenKind::symbol, ",", false, false});
      apart.push_back(token);
      apart.back().text = digits.substr(at, end - at);
    }
  }
  ParsedAnswer list = parse_answer(apart);
  const bool fits = list.status == ParseStatus::value && list.value.kind == ValueKind::list &&
                    list.value.items.size() == other.items.size();
  if (fits) out.push_back(std::move(list.value));
}

/// "5 m", "24 m/s": letters that name units, behind a number.
void add_quantity(const AnswerValue& value, AnswerTokens tokens, const AnswerValue& other,
                  std::vector<AnswerValue>& out) {
  if (!is_whole_constant(other) || is_whole_constant(value)) return;
  if (auto quantity = read_as_quantity(tokens)) out.push_back(std::move(*quantity));
  if (auto thousands = read_as_thousands(tokens)) out.push_back(std::move(*thousands));
}

/// "12:30 p.m." beside 12:30.
void add_time(AnswerTokens tokens, const AnswerValue& other, std::vector<AnswerValue>& out) {
  const bool time = other.kind == ValueKind::ratio && tokens.size() > 3 &&
                    tokens[0].kind == TokenKind::number && tokens[1].text == ":" &&
                    tokens[2].kind == TokenKind::number;
  if (!time) return;
  const std::string half = folded_text(tokens.subspan(3));
  if (half == "am" || half == "pm") out.push_back(parse_answer(tokens.first(3)).value);
}

/// "2k\pi, k \in \mathbb{Z}" beside one value: without the condition.
void add_unconditional(const AnswerValue& value, const AnswerValue& other,
                       std::vector<AnswerValue>& out) {
  const bool one = other.kind == ValueKind::expression || other.kind == ValueKind::relation;
  if (!one || value.kind != ValueKind::list || value.items.size() != 2) return;
  const AnswerValue& condition = value.items[1];
  const bool membership = condition.kind == ValueKind::relation &&
                          condition.relations.size() == 1 && condition.relations[0] == "in" &&
                          is_symbol(condition.items[0]);
  if (membership) out.push_back(value.items[0]);
}

bool is_choice_letter(std::string_view text) {
  return text.size() == 1 && text[0] >= 'A' && text[0] <= 'J';
}

/// "c" beside a choice.
void add_small_letter(const AnswerValue& value, const AnswerValue& other,
                      std::vector<AnswerValue>& out) {
  const bool letter = other.kind == ValueKind::choice && is_symbol(value) &&
                      value.expr.name.size() == 1 && value.expr.name[0] >= 'a' &&
                      value.expr.name[0] <= 'j';
  if (!letter) return;
  AnswerValue choice;
  choice.kind = ValueKind::choice;
  choice.text = std::string(1, static_cast<char>(value.expr.name[0] - 'a' + 'A'));
  out.push_back(std::move(choice));
}

/// "(-1, 2) and (3, 4)" beside a union of intervals: the union.
void add_union(const AnswerValue& value, const AnswerValue& other, std::vector<AnswerValue>& out) {
  const bool intervals =
      other.kind == ValueKind::union_of && value.kind == ValueKind::list &&
      std::all_of(value.items.begin(), value.items.end(), [](const AnswerValue& item) {
        return item.kind == ValueKind::interval ||
               (item.kind == ValueKind::tuple && item.items.size() == 2);
      });
  if (!intervals) return;
  AnswerValue joined = value;
  joined.kind = ValueKind::union_of;
  out.push_back(std::move(joined));
}

/// "(B) 12" and "B. 12", where the other side is a letter, too.
void add_choice(AnswerTokens tokens, const AnswerValue& other, std::vector<AnswerValue>& out) {
  const bool other_is_letter =
      other.kind == ValueKind::choice || (is_symbol(other) && is_choice_letter(other.expr.name));
  const std::size_t place = tokens[0].text == "(" ? 1 : 0;
  if (!other_is_letter || tokens.size() < place + 3 || !is_choice_letter(tokens[place].text))
    return;
  const std::string& mark = tokens[place + 1].text;
  if (mark != ")" && (place > 0 || (mark != "." && mark != ":"))) return;
  if (names_another_choice(tokens.subspan(place + 2))) return;
  AnswerValue choice;
  choice.kind = ValueKind::choice;
  choice.text = tokens[place].text;
  out.push_back(std::move(choice));
}

/// Sets of numbers in words.
void add_named_set(const AnswerValue& value, std::vector<AnswerValue>& out) {
  constexpr std::pair<std::string_view, const char*> sets[] = {
      {"realnumbers", "\\mathbb{R}"},
      {"reals", "\\mathbb{R}"},
      {"realnumber", "\\mathbb{R}"},
      {"realnumbersx", "\\mathbb{R}"},
      {"positiverealnumbers", "(0,\\infty)"},
      {"positivereals", "(0,\\infty)"},
      {"nonnegativerealnumbers", "[0,\\infty)"},
      {"nonnegativereals", "[0,\\infty)"},
      {"negativerealnumbers", "(-\\infty,0)"},
      {"integers", "\\mathbb{Z}"},
      {"rationalnumbers", "\\mathbb{Q}"},
      {"positiveintegers", "\\mathbb{Z}^{+}"},
      {"naturalnumbers", "\\mathbb{N}"}};
  if (value.kind != ValueKind::text) return;
  std::string_view words = value.text;
  for (const std::string_view lead : {"the", "setof", "all", "any", "the"}) {
    if (words.starts_with(lead)) words.remove_prefix(lead.size());
  }
  for (const auto& [name, latex] : sets) {
    if (words == name) out.push_back(parse_answer(latex).value);
  }
}

/// The length of the block that the digits end with at least twice (a single digit three times).
std::size_t period_of(std::string_view digits) {
  for (std::size_t length = 1; 2 * length <= digits.size(); ++length) {
    const std::size_t times = length == 1 ? 3 : 2;
    if (times * length > digits.size()) continue;
    const std::string_view block = digits.substr(digits.size() - length);
    bool repeats = true;
    for (std::size_t i = 2; i <= times; ++i) {
      repeats = repeats && digits.substr(digits.size() - i * length, length) == block;
    }
    if (repeats) return length;
  }
  return 0;
}

/// Where the repeating block of a number before dots begins, or 0.
std::size_t repeating_part(const AnswerToken& number, const AnswerToken& dots) {
  const std::size_t point = number.text.find('.');
  if (number.kind != TokenKind::number || dots.text != "\\dots" || dots.blank_before ||
      point == std::string::npos || number.text.find('e') != std::string::npos) {
    return 0;
  }
  const std::size_t length = period_of(std::string_view(number.text).substr(point + 1));
  return length == 0 ? 0 : number.text.size() - length;
}

}  // namespace

std::vector<AnswerValue> other_readings(const AnswerValue& value, AnswerTokens tokens,
                                        const AnswerValue& other) {
  std::vector<AnswerValue> out;
  if (tokens.empty()) return out;
  add_sides(value, tokens, other, out);
  add_ungrouped(tokens, other, out);
  add_quantity(value, tokens, other, out);
  add_time(tokens, other, out);
  add_unconditional(value, other, out);
  add_choice(tokens, other, out);
  add_small_letter(value, other, out);
  add_union(value, other, out);
  add_named_set(value, out);
  if (auto list = signed_tuple_as_list(value)) out.push_back(std::move(*list));
  if (auto tuple = bracketed_pair_as_tuple(value, other)) out.push_back(std::move(*tuple));
  if (auto tuple = unit_vectors_as_tuple(value, other)) out.push_back(std::move(*tuple));
  if (auto tuple = named_point_as_tuple(value, other)) out.push_back(std::move(*tuple));
  return out;
}

std::vector<AnswerToken> with_repeating_decimals(AnswerTokens tokens) {
  std::vector<AnswerToken> out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::size_t begin = i + 1 < tokens.size() ? repeating_part(tokens[i], tokens[i + 1]) : 0;
    if (begin == 0) {
      out.push_back(tokens[i]);
      continue;
    }
    AnswerToken plain = tokens[i];
    AnswerToken block = tokens[i];
    plain.text.erase(begin);
    block.text.erase(0, begin);
    block.blank_before = false;
    out.push_back(std::move(plain));
    out.push_back({TokenKind::command, "\\overline", false, false});
    out.push_back({TokenKind::open, "{", false, false});
    out.push_back(std::move(block));
    out.push_back({TokenKind::close, "}", false, false});
    ++i;  // the dots
  }
  return out;
}

}  // namespace assay::evals
