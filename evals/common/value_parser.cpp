// Answers as typed values: lists, relations, sets, intervals, tuples around expressions.
#include <algorithm>
#include <cctype>
#include <utility>

#include "evals/common/answer_idioms.h"
#include "evals/common/answer_tokens.h"
#include "evals/common/answer_value.h"
#include "evals/common/answer_words.h"
#include "evals/common/expr_parser.h"
#include "evals/common/matrix_reader.h"
#include "evals/common/number_words.h"
#include "evals/common/other_readings.h"
#include "evals/common/quantities.h"
#include "evals/common/token_spans.h"

namespace assay::evals {
namespace {

using Token = AnswerToken;
using TokenKind = AnswerToken::Kind;
using ValueKind = AnswerValue::Kind;
using Op = MathExpr::Op;

/// Longer prose than this is no list, whatever commas it has.
constexpr std::ptrdiff_t max_words_of_a_list = 12;

bool is_prose(const Token& token) {
  return token.kind == TokenKind::word && (token.in_text || is_plain_word(token.text)) &&
         token.text.size() > 1;
}

std::string relation_named(const Token& token) {
  if (token.kind == TokenKind::symbol &&
      (token.text == "=" || token.text == "<" || token.text == ">")) {
    return token.text;
  }
  if (token.kind != TokenKind::command) return {};
  constexpr std::pair<std::string_view, const char*> relations[] = {{"\\le", "<="},
                                                                    {"\\ge", ">="},
                                                                    {"\\neq", "!="},
                                                                    {"\\in", "in"},
                                                                    {"\\approx", "="},
                                                                    {"\\simeq", "="},
                                                                    {"\\equiv", "equiv"},
                                                                    {"\\to", "to"},
                                                                    {"\\mapsto", "to"},
                                                                    {"\\sim", "sim"},
                                                                    {"\\propto", "propto"},
                                                                    {"\\subset", "subset"},
                                                                    {"\\subseteq", "subset"},
                                                                    {"\\notin", "notin"},
                                                                    {"\\cong", "cong"},
                                                                    {"\\perp", "perp"},
                                                                    {"\\parallel", "parallel"},
                                                                    {"\\Rightarrow", "implies"},
                                                                    {"\\Leftrightarrow", "iff"}};
  for (const auto& [command, name] : relations) {
    if (token.text == command) return name;
  }
  return {};
}

class ValueReader {
 public:
  explicit ValueReader(ExprNotation notation) : notation_(notation) {}

  bool over_budget() const { return over_budget_; }

  AnswerValue value(AnswerTokens tokens) {
    if (++depth_ > max_expr_depth) over_budget_ = true;
    AnswerValue result = over_budget_ ? AnswerValue{} : structure(stripped(tokens, depth_ == 1));
    --depth_;
    return result;
  }

 private:
  /// Without what surrounds an answer and says nothing: grouping braces, a leading '='.
  static AnswerTokens stripped(AnswerTokens tokens, bool outermost) {
    while (!tokens.empty()) {
      const Token& first = tokens.front();
      const Token& last = tokens.back();
      if (last.kind == TokenKind::symbol &&
          (last.text == "." || last.text == "," || last.text == ";" || last.text == "\\\\")) {
        tokens = tokens.first(tokens.size() - 1);
      } else if (first.text == "\\therefore" || (first.text == "=" && outermost) ||
                 first.text == "\\approx" ||
                 (first.kind == TokenKind::symbol && (first.text == ":" || first.text == ","))) {
        tokens = tokens.subspan(1);
      } else if (first.kind == TokenKind::group_open && encloses(tokens) &&
                 pieces(tokens.subspan(1, tokens.size() - 2), is_comma).size() == 1) {
        tokens = tokens.subspan(1, tokens.size() - 2);
      } else {
        break;
      }
    }
    return tokens;
  }

  static bool is_comma(const Token& token) {
    return token.kind == TokenKind::symbol && (token.text == "," || token.text == ";");
  }
  static bool is_conjunction(const Token& token) {
    return is_word(token, "or") || is_word(token, "and");
  }
  static bool separates(const Token& token) { return is_comma(token) || is_conjunction(token); }

  AnswerValue structure(AnswerTokens tokens) {
    if (tokens.empty()) return missing();
    if (std::optional<AnswerValue> found = choice(tokens)) return *found;
    if (std::count_if(tokens.begin(), tokens.end(), is_prose) > max_words_of_a_list) {
      return text(tokens);
    }
    using Read = std::optional<AnswerValue> (ValueReader::*)(AnswerTokens);
    for (const Read read :
         {&ValueReader::environment, &ValueReader::outward_interval, &ValueReader::compound,
          &ValueReader::list, &ValueReader::relation, &ValueReader::set_operation,
          &ValueReader::matrix, &ValueReader::bracketed, &ValueReader::base_n,
          &ValueReader::quantity, &ValueReader::ratio}) {
      if (std::optional<AnswerValue> found = (this->*read)(tokens)) return std::move(*found);
      if (over_budget_) return {};
    }
    return text(tokens);
  }

  /// Words; formulas among them that could not be read make it incomplete.
  static AnswerValue text(AnswerTokens tokens) {
    AnswerValue result;
    result.incomplete = std::any_of(tokens.begin(), tokens.end(), [](const Token& token) {
      return token.kind == TokenKind::command || token.kind == TokenKind::open;
    });
    result.text = folded_text(tokens);
    if (result.text.empty()) result.text = joined(tokens);
    return result;
  }

  static AnswerValue missing() {
    AnswerValue result;
    result.kind = ValueKind::expression;
    result.incomplete = true;
    return result;
  }

  AnswerValue with_items(ValueKind kind, const std::vector<AnswerTokens>& parts) {
    AnswerValue result;
    result.kind = kind;
    for (const AnswerTokens part : parts) {
      result.items.push_back(value(part));
      result.incomplete = result.incomplete || result.items.back().incomplete;
    }
    return result;
  }

  /// (C), \text{C}, C) and \textbf{(C)} 12: a letter of a multiple choice.
  static std::optional<AnswerValue> choice(AnswerTokens tokens) {
    const bool bracket = tokens[0].text == "(";
    const std::size_t place = bracket ? 1 : 0;
    if (place >= tokens.size() || tokens[place].kind != TokenKind::word ||
        tokens[place].text.size() != 1) {
      return std::nullopt;
    }
    const Token& letter = tokens[place];
    const bool closed = place + 1 < tokens.size() && (tokens[place + 1].text == ")" ||
                                                      (!bracket && tokens[place + 1].text == "."));
    const std::size_t length = place + 1 + (closed ? 1 : 0);
    const bool upper = std::isupper(static_cast<unsigned char>(letter.text[0])) != 0;
    if (bracket != closed && bracket) return std::nullopt;
    const bool alone = tokens.size() == length;
    if (!alone && !(closed && upper && letter.in_text)) return std::nullopt;
    if (!letter.in_text && !(upper && closed)) return std::nullopt;
    if (names_another_choice(tokens.subspan(length))) return std::nullopt;
    AnswerValue result;
    result.kind = ValueKind::choice;
    result.text = std::string(1, static_cast<char>(std::toupper(letter.text[0])));
    return result;
  }

  /// aligned, cases and the like are rows; one row is that row.
  std::optional<AnswerValue> environment(AnswerTokens tokens) {
    if (tokens[0].kind != TokenKind::begin || is_matrix_environment(tokens[0].text) ||
        !encloses(tokens)) {
      return std::nullopt;
    }
    const AnswerTokens inside = tokens.subspan(1, tokens.size() - 2);
    std::vector<AnswerTokens> rows =
        pieces(inside, [](const Token& token) { return token.text == "\\\\"; });
    std::erase_if(rows, [](AnswerTokens row) { return row.empty(); });
    if (rows.size() == 1) return value(rows[0]);
    AnswerValue result;
    result.kind = ValueKind::list;
    const bool aligns = tokens[0].text != "cases";
    for (const AnswerTokens row : rows) {
      if (aligns) {
        std::vector<Token> line(row.begin(), row.end());
        std::erase_if(line, [](const Token& token) { return token.text == "&"; });
        result.items.push_back(value(line));
        continue;
      }
      std::vector<AnswerTokens> cells =
          pieces(row, [](const Token& token) { return token.text == "&"; });
      std::erase_if(cells, [](AnswerTokens cell) { return cell.empty(); });
      for (AnswerTokens& cell : cells) {
        const bool word = cell.size() > 1 && (is_word(cell[0], "if") || is_word(cell[0], "for") ||
                                              is_word(cell[0], "when"));
        if (word) cell = cell.subspan(1);
      }
      result.items.push_back(cells.size() == 1 ? value(cells[0])
                                               : with_items(ValueKind::tuple, cells));
    }
    return result;
  }

  /// ]a, b[ as the French write an open interval.
  std::optional<AnswerValue> outward_interval(AnswerTokens tokens) {
    const std::string& last = tokens.back().text;
    if (tokens.size() < 5 || (tokens[0].text != "]" && last != "[")) return std::nullopt;
    if ((tokens[0].text != "]" && tokens[0].text != "[") || (last != "[" && last != "]")) {
      return std::nullopt;
    }
    const auto parts = pieces(tokens.subspan(1, tokens.size() - 2), is_comma);
    if (parts.size() != 2) return std::nullopt;
    AnswerValue result = with_items(ValueKind::interval, parts);
    result.open_low = tokens[0].text == "]";
    result.open_high = last == "[";
    return result;
  }

  /// 2 hours 30 minutes: its parts in order.
  std::optional<AnswerValue> compound(AnswerTokens tokens) {
    const std::vector<AnswerTokens> parts = compound_parts(tokens);
    if (parts.empty()) return std::nullopt;
    return with_items(ValueKind::tuple, parts);
  }

  std::optional<AnswerValue> list(AnswerTokens tokens) {
    std::vector<AnswerTokens> parts = pieces(tokens, separates);
    if (parts.size() < 2) return std::nullopt;
    std::erase_if(parts, [](AnswerTokens part) { return part.empty(); });  // "1, 2, and 3"
    if (parts.size() < 2) return parts.empty() ? missing() : value(parts[0]);
    AnswerValue result = with_items(ValueKind::list, parts);
    const bool both = std::any_of(tokens.begin(), tokens.end(),
                                  [](const Token& token) { return is_word(token, "and"); });
    const bool either = std::any_of(tokens.begin(), tokens.end(),
                                    [](const Token& token) { return is_word(token, "or"); });
    if (both || either) result.text = either ? "or" : "and";
    release_first_name(result);
    return result;
  }

  /// "x = 1, 2" is "x = 1 or x = 2".
  static void release_first_name(AnswerValue& list) {
    AnswerValue& first = list.items[0];
    const bool named = first.kind == ValueKind::relation && first.items.size() == 2 &&
                       first.relations[0] == "=" && first.items[0].kind == ValueKind::expression &&
                       first.items[0].expr.op == Op::symbol;
    const bool bare = std::none_of(list.items.begin() + 1, list.items.end(), [](const auto& item) {
      return item.kind == ValueKind::relation;
    });
    if (!named || !bare) return;
    AnswerValue inner = std::move(first.items[1]);
    list.items[0] = std::move(inner);
  }

  std::optional<AnswerValue> relation(AnswerTokens tokens) {
    std::vector<std::string> names;
    const auto parts = pieces(tokens, [&](const Token& token) {
      const std::string name = relation_named(token);
      if (!name.empty()) names.push_back(name);
      return !name.empty();
    });
    if (names.empty()) return std::nullopt;
    AnswerValue result = with_items(ValueKind::relation, parts);
    result.relations = std::move(names);
    return result;
  }

  std::optional<AnswerValue> set_operation(AnswerTokens tokens) {
    for (const std::string_view operation : {"\\cup", "\\cap", "\\setminus"}) {
      std::size_t place = 0;
      const auto parts = pieces(tokens, [&](const Token& token) {
        place = static_cast<std::size_t>(&token - tokens.data());
        if (token.text == operation) return true;
        // [0, 1) U (2, 3]
        const bool letter = operation == "\\cup" && token.kind == TokenKind::word &&
                            (token.text == "U" || token.text == "u") && place > 0 &&
                            place + 1 < tokens.size();
        // \mathbb{R} - \{2\}
        const bool minus = operation == "\\setminus" && token.text == "-" && place > 3 &&
                           place + 1 < tokens.size() && tokens[place + 1].text == "\\{" &&
                           tokens[place - 4].text == "\\mathbb";
        return minus || (letter && is_closing(tokens[place - 1]) && is_opening(tokens[place + 1]));
      });
      if (parts.size() < 2) continue;
      AnswerValue result =
          with_items(operation == "\\cup" ? ValueKind::union_of : ValueKind::set_algebra, parts);
      if (operation != "\\cup") result.relations.assign(parts.size() - 1, std::string(operation));
      return result;
    }
    return std::nullopt;
  }

  std::optional<AnswerValue> matrix(AnswerTokens tokens) {
    return read_matrix(
        tokens, [this](AnswerTokens cell) { return value(cell); }, notation_);
  }

  std::optional<AnswerValue> bracketed(AnswerTokens tokens) {
    if (tokens.size() < 2 || !encloses(tokens)) return std::nullopt;
    const AnswerTokens inside = tokens.subspan(1, tokens.size() - 2);
    const std::string& open = tokens.front().text;
    const std::string& close = tokens.back().text;
    if (open == "\\{" || open == "{") return set(inside);
    if (open == "\\langle") return with_items(ValueKind::tuple, pieces(inside, is_comma));
    if (open != "(" && open != "[") return std::nullopt;
    const auto parts = pieces(inside, is_comma);
    if (parts.size() == 1) {
      // (x = 5), (\text{no solution}); a bracketed expression is read as an expression.
      AnswerValue inner = value(inside);
      if (inner.kind == ValueKind::text && open == "(" && inner.text.empty()) return std::nullopt;
      return inner;
    }
    const bool mixed = (open == "(") != (close == ")");
    if (parts.size() == 2 && (open == "[" || mixed)) {
      AnswerValue result = with_items(ValueKind::interval, parts);
      result.open_low = open == "(";
      result.open_high = close == ")";
      return result;
    }
    return with_items(ValueKind::tuple, parts);
  }

  std::optional<AnswerValue> set(AnswerTokens inside) {
    if (inside.empty()) return with_items(ValueKind::set, {});
    // {x | x > 3}: what stands behind the bar.
    const auto builder = pieces(inside, [](const Token& token) {
      return token.text == "\\mid" || token.text == "|" || token.text == ":";
    });
    if (builder.size() == 2 &&
        std::any_of(builder[1].begin(), builder[1].end(),
                    [](const Token& token) { return !relation_named(token).empty(); })) {
      return value(builder[1]);
    }
    return with_items(ValueKind::set, pieces(inside, is_comma));
  }

  /// 204_5, \text{1A}_{16}, (1011)_2, "1011 base 2"
  std::optional<AnswerValue> base_n(AnswerTokens tokens) {
    std::size_t at = 0;
    const bool bracket = tokens[0].text == "(";
    if (bracket) ++at;
    AnswerValue result;
    result.kind = ValueKind::base_n;
    bool has_number = false;
    for (; at < tokens.size() && tokens[at].text != "_" && tokens[at].text != ")"; ++at) {
      const Token& token = tokens[at];
      if (token.kind == TokenKind::open || token.kind == TokenKind::group_open ||
          token.kind == TokenKind::close || token.kind == TokenKind::group_close) {
        continue;
      }
      if (is_word(token, "base")) break;
      if (token.kind != TokenKind::number && token.kind != TokenKind::word) return std::nullopt;
      has_number = has_number || token.kind == TokenKind::number || token.in_text;
      result.text += token.text;
    }
    if (bracket) {
      if (at >= tokens.size() || tokens[at].text != ")") return std::nullopt;
      ++at;
    }
    if (!has_number || at + 1 >= tokens.size()) return std::nullopt;
    std::string base;
    for (++at; at < tokens.size(); ++at) {
      if (tokens[at].kind == TokenKind::number || tokens[at].kind == TokenKind::word) {
        base += lower_case(tokens[at].text);
      } else if (tokens[at].kind == TokenKind::symbol || tokens[at].kind == TokenKind::command) {
        return std::nullopt;
      }
    }
    if (base.starts_with("base")) base.erase(0, 4);
    if (const auto numeral = numeral_named(base)) base = std::to_string(*numeral);
    if (base.empty() || base.size() > 2 || !std::all_of(base.begin(), base.end(), ::isdigit)) {
      return std::nullopt;
    }
    result.base = std::stoi(base);
    std::string digits = result.text;
    if (const std::size_t point = digits.find('.'); point != std::string::npos) {
      digits.erase(point, 1);
    }
    if (!read_digits(digits, result.base)) return std::nullopt;
    return result;
  }

  std::optional<AnswerValue> ratio(AnswerTokens tokens) {
    const auto parts = pieces(tokens, [](const Token& token) {
      return token.kind == TokenKind::symbol && token.text == ":";
    });
    if (parts.size() < 2) return std::nullopt;
    AnswerValue result;
    result.kind = ValueKind::ratio;
    for (const AnswerTokens part : parts) {
      std::optional<AnswerValue> item = part.empty() ? std::nullopt : quantity(part);
      if (!item || !item->unit.empty()) return std::nullopt;
      result.items.push_back(std::move(*item));
    }
    return result;
  }

  /// An expression, perhaps with a currency sign before it or a unit behind it.
  std::optional<AnswerValue> quantity(AnswerTokens tokens) {
    AnswerValue result;
    result.kind = ValueKind::expression;
    result.text = folded_text(tokens);
    if (tokens[0].text == "\\emptyset" && tokens.size() == 1) return with_items(ValueKind::set, {});
    std::vector<Token> without_sign;
    const std::size_t sign = tokens[0].text == "-" && tokens.size() > 1 ? 1 : 0;
    const bool dollar = tokens[sign].text == "\\$" || is_word(tokens[sign], "usd");
    const bool other = is_word(tokens[sign], "eur") || is_word(tokens[sign], "gbp") ||
                       is_word(tokens[sign], "yen");
    if ((dollar || other) && tokens.size() > sign + 1) {
      without_sign.assign(tokens.begin(), tokens.end());
      without_sign.erase(without_sign.begin() + static_cast<std::ptrdiff_t>(sign));
      result.unit = dollar ? "$" : std::string(unit_named(lower_case(tokens[sign].text)));
      tokens = without_sign;
    }
    if (tokens.empty()) return std::nullopt;
    if (const auto number = number_in_words(tokens); number && number->used == tokens.size()) {
      result.expr = make_number(number->value);
      return result;
    }
    std::optional<ExprReading> reading = read_expr(tokens, notation_);
    if (!reading) return std::nullopt;
    if (reading->over_budget) {
      over_budget_ = true;
      return std::nullopt;
    }
    result.expr = std::move(reading->expr);
    result.incomplete = reading->incomplete;
    AnswerTokens rest = tokens.subspan(reading->used);
    take_magnitude(rest, result.expr);
    if (!rest.empty()) {
      const std::optional<std::string> unit = unit_behind(rest);
      if (!unit) return std::nullopt;
      if (result.unit.empty()) result.unit = *unit;  // "$5 dollars" is five dollars
    }
    lift_unit(result);
    return result;
  }

  ExprNotation notation_;
  int depth_ = 0;
  bool over_budget_ = false;
};

/// Python or sympy: no LaTeX command, and an operator or a name that only they use.
bool looks_like_python(AnswerTokens tokens) {
  bool hint = false;
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::command && token.text != "\\pi") return false;
    hint = hint || (token.kind == TokenKind::symbol && token.text == "*") ||
           token.text == "Rational" || token.text == "sqrt";
  }
  return hint;
}

}  // namespace

ParsedAnswer parse_answer(std::string_view answer) {
  const std::optional<std::vector<Token>> tokens = answer_tokens(answer);
  if (!tokens) return {ParseStatus::over_budget, {}};
  return parse_answer(*tokens);
}

ParsedAnswer parse_answer(AnswerTokens tokens) {
  if (tokens.empty()) return {ParseStatus::empty, {}};
  const std::vector<Token> written = with_idioms(with_repeating_decimals(tokens));
  ValueReader reader({looks_like_python(written)});
  ParsedAnswer parsed{ParseStatus::value, reader.value(written)};
  if (reader.over_budget()) return {ParseStatus::over_budget, {}};
  return parsed;
}

}  // namespace assay::evals
