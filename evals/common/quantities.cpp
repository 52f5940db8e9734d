#include "evals/common/quantities.h"

#include <algorithm>
#include <set>
#include <utility>

#include "evals/common/answer_words.h"

namespace assay::evals {
namespace {

using TokenKind = AnswerToken::Kind;
using Op = MathExpr::Op;

bool is_group(const AnswerToken& token) {
  return token.kind == TokenKind::group_open || token.kind == TokenKind::group_close;
}

/// Whether the unit may begin at `place`: 5 m and 24 m/s, but 5m and 2ab are products.
bool may_begin_unit(AnswerTokens tokens, std::size_t place) {
  const AnswerToken& token = tokens[place];
  if (token.text == "\\frac" || token.text == "\\Omega") return true;
  if (token.kind != TokenKind::word || unit_named(token.text).empty()) return false;
  if (token.text.size() > 1 || token.in_text || token.blank_before) return true;
  // "12m^2", "5m/s": no lone letter, and no product of several.
  const bool power = place + 4 == tokens.size() && tokens[place + 1].text == "^";
  const bool quotient = place + 1 < tokens.size() && tokens[place + 1].text == "/";
  return power || quotient;
}

}  // namespace

void take_magnitude(AnswerTokens& rest, MathExpr& expr) {
  constexpr std::pair<const char*, long> magnitudes[] = {
      {"dozen", 12},        {"hundred", 100},        {"thousand", 1000},
      {"million", 1000000}, {"billion", 1000000000}, {"trillion", 1000000000000}};
  for (const auto& [word, factor] : magnitudes) {
    if (rest.empty() || expr.op != Op::number || !is_word(rest[0], word)) continue;
    expr.value *= mpq_class(factor);
    expr.decimals = -1;
    rest = rest.subspan(1);
  }
}

std::optional<std::string> unit_behind(AnswerTokens rest) {
  const auto is_mod = [](const AnswerToken& token) {
    return token.text == "\\bmod" || token.text == "\\mod" || token.text == "mod";
  };
  if (rest[0].text == "\\pmod" || is_mod(rest[0])) return "mod " + folded_text(rest.subspan(1));
  if (rest[0].text == "(" && rest.size() > 3 && is_mod(rest[1])) {
    return "mod " + folded_text(rest.subspan(2));
  }
  // "5 \dots" trails off; "12^\circ C" has its letter in the unit.
  return unit_of(rest);
}

void lift_unit(AnswerValue& value) {
  MathExpr& root = value.expr;
  MathExpr* inner = root.op == Op::negate ? &root.args[0] : &root;
  // 25^\circ\text{C}: the scale was read as a unit of its own.
  const bool scale = value.unit == "C" || value.unit == "f" || value.unit == "F";
  if (inner->op == Op::degrees && scale) {
    value.unit = value.unit == "C" ? "degree C" : "degree F";
    MathExpr operand = std::move(inner->args[0]);
    *inner = std::move(operand);
  }
  // "25% profit", "5% per year": of what is not part of the number.
  if (inner->op == Op::percent) value.unit.clear();
  if (!value.unit.empty() || (inner->op != Op::degrees && inner->op != Op::percent)) return;
  value.unit = inner->op == Op::degrees ? "degree" : "%";
  MathExpr operand = std::move(inner->args[0]);
  *inner = std::move(operand);
}

std::vector<AnswerTokens> compound_parts(AnswerTokens tokens) {
  std::vector<AnswerTokens> parts;
  std::set<std::string_view> units;
  std::size_t at = 0;
  while (at < tokens.size()) {
    if (!parts.empty() && is_word(tokens[at], "and")) ++at;
    const bool pair = at + 1 < tokens.size() && tokens[at].kind == TokenKind::number &&
                      tokens[at + 1].kind == TokenKind::word && tokens[at + 1].text.size() > 1;
    const std::string_view unit = pair ? unit_named(tokens[at + 1].text) : std::string_view{};
    if (unit.empty() || unit == "/" || unit == "square" || unit == "cubic" ||
        !units.insert(unit).second) {
      return {};
    }
    parts.push_back(tokens.subspan(at, 2));
    at += 2;
  }
  return parts.size() > 1 ? parts : std::vector<AnswerTokens>{};
}

std::optional<AnswerValue> read_as_thousands(AnswerTokens tokens) {
  const std::size_t n = tokens.size();
  const bool glued = n > 1 && n < 4 && tokens[n - 2].kind == TokenKind::number &&
                     (tokens[n - 1].text == "k" || tokens[n - 1].text == "K") &&
                     !tokens[n - 1].blank_before;
  if (!glued) return std::nullopt;
  ParsedAnswer number = parse_answer(tokens.first(n - 1));
  if (number.status != ParseStatus::value || number.value.expr.op != Op::number) {
    return std::nullopt;
  }
  number.value.expr.value *= 1000;
  number.value.expr.decimals = -1;
  return std::move(number.value);
}

std::optional<AnswerValue> read_as_quantity(AnswerTokens tokens) {
  while (!tokens.empty() && is_group(tokens.back())) tokens = tokens.first(tokens.size() - 1);
  for (std::size_t place = 1; place < tokens.size(); ++place) {
    if (!may_begin_unit(tokens, place)) continue;
    const std::optional<std::string> unit = unit_of(tokens.subspan(place), true);
    if (!unit) continue;
    AnswerTokens front = tokens.first(place);
    while (front.size() > 1 && (is_group(front.back()) || front.back().text == "*")) {
      front = front.first(front.size() - 1);
    }
    ParsedAnswer number = parse_answer(front);
    const bool constant = number.status == ParseStatus::value && !number.value.incomplete &&
                          number.value.kind == AnswerValue::Kind::expression &&
                          number.value.unit.empty() && symbols_of(number.value.expr).empty();
    if (!constant) return std::nullopt;
    number.value.unit = *unit;
    return std::move(number.value);
  }
  return std::nullopt;
}

}  // namespace assay::evals
