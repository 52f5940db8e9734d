#include "evals/common/matrix_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "evals/common/token_spans.h"

namespace assay::evals {
namespace {

using TokenKind = AnswerToken::Kind;
using ValueKind = AnswerValue::Kind;
using Op = MathExpr::Op;
using Cell = std::function<AnswerValue(AnswerTokens)>;

/// Products of larger matrices are not carried out: a budget of work.
constexpr std::size_t max_product_size = 8;

bool is_pure_scalar(const AnswerValue& value) {
  return is_scalar(value) && value.unit.empty();
}

bool all_scalars(const AnswerValue& matrix) {
  return std::all_of(matrix.items.begin(), matrix.items.end(), is_pure_scalar);
}

std::optional<AnswerValue> from_rows(const std::vector<std::vector<AnswerTokens>>& rows,
                                     const Cell& cell) {
  AnswerValue result;
  result.kind = ValueKind::matrix;
  result.columns = rows.empty() ? 0 : rows[0].size();
  for (const auto& row : rows) {
    if (row.size() != result.columns) return std::nullopt;
    for (const AnswerTokens element : row) {
      result.items.push_back(cell(element));
      result.incomplete = result.incomplete || result.items.back().incomplete;
    }
  }
  return result;
}

/// What stands between \begin{pmatrix} and \end{pmatrix}.
std::optional<AnswerValue> from_environment(AnswerTokens inside, const Cell& cell) {
  // \left[\begin{array}{c}...: the brackets outside are stripped by the caller.
  std::vector<std::vector<AnswerTokens>> rows;
  for (const AnswerTokens row :
       pieces(inside, [](const AnswerToken& token) { return token.text == "\\\\"; })) {
    if (row.empty()) continue;
    rows.push_back(pieces(row, [](const AnswerToken& token) { return token.text == "&"; }));
  }
  return from_rows(rows, cell);
}

bool is_comma(const AnswerToken& token) {
  return token.text == ",";
}

/// [[1, 2], [3, 4]], with or without Matrix( ) around it.
std::optional<AnswerValue> from_lists(AnswerTokens tokens, const Cell& cell) {
  if (tokens.size() > 3 && tokens[0].text == "Matrix" && encloses(tokens.subspan(1))) {
    tokens = tokens.subspan(2, tokens.size() - 3);
  }
  if (tokens.size() < 2 || tokens[0].text != "[" || !encloses(tokens)) return std::nullopt;
  std::vector<std::vector<AnswerTokens>> rows;
  for (const AnswerTokens row : pieces(tokens.subspan(1, tokens.size() - 2), is_comma)) {
    if (row.size() < 2 || row[0].text != "[" || !encloses(row)) return std::nullopt;
    rows.push_back(pieces(row.subspan(1, row.size() - 2), is_comma));
  }
  return from_rows(rows, cell);
}

MathExpr combined(Op op, const MathExpr& a, const MathExpr& b) {
  return make_expr(op, {a, b});
}

std::optional<AnswerValue> product(const AnswerValue& a, const AnswerValue& b) {
  if (a.columns == 0 || b.columns == 0 || !all_scalars(a) || !all_scalars(b)) return std::nullopt;
  const std::size_t rows = a.items.size() / a.columns;
  if (b.items.size() / b.columns != a.columns || rows > max_product_size ||
      a.columns > max_product_size || b.columns > max_product_size) {
    return std::nullopt;
  }
  AnswerValue result;
  result.kind = ValueKind::matrix;
  result.columns = b.columns;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < b.columns; ++column) {
      std::vector<MathExpr> terms;
      terms.reserve(a.columns);
      for (std::size_t k = 0; k < a.columns; ++k) {
        terms.push_back(combined(Op::multiply, a.items[row * a.columns + k].expr,
                                 b.items[k * b.columns + column].expr));
      }
      result.items.push_back(
          scalar(terms.size() == 1 ? std::move(terms[0]) : make_expr(Op::add, std::move(terms))));
    }
  }
  return result;
}

std::optional<AnswerValue> sum(AnswerValue a, const AnswerValue& b, bool minus) {
  if (a.columns != b.columns || a.items.size() != b.items.size() || !all_scalars(a) ||
      !all_scalars(b)) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    MathExpr right = b.items[i].expr;
    if (minus) right = make_expr(Op::negate, {std::move(right)});
    a.items[i].expr = combined(Op::add, a.items[i].expr, right);
  }
  return a;
}

std::optional<AnswerValue> scaled(const MathExpr& factor, Op op, AnswerValue matrix) {
  if (!all_scalars(matrix)) return std::nullopt;
  for (AnswerValue& item : matrix.items) {
    item.expr =
        op == Op::divide ? combined(op, item.expr, factor) : combined(op, factor, item.expr);
  }
  return matrix;
}

/// The tokens of the bracket that opens at the front of `tokens`, or nothing.
AnswerTokens first_bracket(AnswerTokens tokens) {
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (is_opening(tokens[i])) ++depth;
    if (is_closing(tokens[i]) && --depth == 0) return tokens.first(i + 1);
  }
  return {};
}

bool holds_matrix(AnswerTokens tokens) {
  return std::any_of(tokens.begin(), tokens.end(), [](const AnswerToken& token) {
    return token.kind == TokenKind::begin && is_matrix_environment(token.text);
  });
}

/// One environment, perhaps in brackets that draw its border.
std::optional<AnswerValue> one_matrix(AnswerTokens tokens, const Cell& cell) {
  while (tokens.size() > 2 && tokens[0].kind != TokenKind::begin && encloses(tokens)) {
    tokens = tokens.subspan(1, tokens.size() - 2);
  }
  if (!encloses(tokens) || tokens[0].kind != TokenKind::begin) return std::nullopt;
  return from_environment(tokens.subspan(1, tokens.size() - 2), cell);
}

/// [scalar] matrix [matrix ...]
std::optional<AnswerValue> term(AnswerTokens tokens, const Cell& cell, ExprNotation notation) {
  std::optional<AnswerValue> result;
  std::optional<MathExpr> factor;
  std::size_t first = 0;
  while (first < tokens.size() &&
         !(is_opening(tokens[first]) && holds_matrix(first_bracket(tokens.subspan(first))))) {
    const AnswerTokens bracket =
        is_opening(tokens[first]) ? first_bracket(tokens.subspan(first)) : AnswerTokens{};
    first += std::max<std::size_t>(bracket.size(), 1);
  }
  if (first > 0) {
    AnswerTokens front = tokens.first(std::min(first, tokens.size()));
    if (front.back().text == "*") front = front.first(front.size() - 1);
    if (front.size() == 1 && front[0].text == "-") {
      factor = make_number(-1);
      front = {};
    }
    if (!front.empty()) {
      std::optional<ExprReading> reading = read_expr(front, notation);
      if (!reading || reading->over_budget || reading->used != front.size()) return std::nullopt;
      factor = std::move(reading->expr);
    }
  }
  AnswerTokens rest = tokens.subspan(std::min(first, tokens.size()));
  while (!rest.empty()) {
    if (rest[0].text == "*") rest = rest.subspan(1);
    const AnswerTokens bracket = first_bracket(rest);
    if (bracket.empty()) return std::nullopt;
    std::optional<AnswerValue> next = one_matrix(bracket, cell);
    if (!next) return std::nullopt;
    result = result ? product(*result, *next) : std::move(next);
    if (!result) return std::nullopt;
    rest = rest.subspan(bracket.size());
  }
  if (!result || !factor) return result;
  return scaled(*factor, Op::multiply, std::move(*result));
}

/// By the first row's minors.
std::optional<MathExpr> determinant(const std::vector<std::vector<MathExpr>>& rows) {
  if (rows.size() == 1) return rows[0][0];
  std::vector<MathExpr> terms;
  for (std::size_t column = 0; column < rows.size(); ++column) {
    std::vector<std::vector<MathExpr>> minor;
    for (std::size_t row = 1; row < rows.size(); ++row) {
      minor.push_back(rows[row]);
      minor.back().erase(minor.back().begin() + static_cast<std::ptrdiff_t>(column));
    }
    const std::optional<MathExpr> inner = determinant(minor);
    if (!inner) return std::nullopt;
    MathExpr product = combined(Op::multiply, rows[0][column], *inner);
    terms.push_back(column % 2 != 0 ? make_expr(Op::negate, {std::move(product)}) : product);
  }
  return make_expr(Op::add, std::move(terms));
}

/// \begin{vmatrix}, |matrix| and \det: the number that they mean.
std::optional<AnswerValue> read_determinant(AnswerTokens tokens, const Cell& cell) {
  constexpr std::size_t max_order = 4;
  const bool bars = tokens.size() > 2 && tokens.front().text == "|" && tokens.back().text == "|";
  const bool named = tokens.size() > 2 && tokens[0].text == "\\det";
  const bool vertical = tokens[0].kind == TokenKind::begin && tokens[0].text == "vmatrix";
  if (!bars && !named && !vertical) return std::nullopt;
  if (bars) tokens = tokens.subspan(1, tokens.size() - 2);
  if (named) tokens = tokens.subspan(1);
  if (!encloses(tokens)) return std::nullopt;
  const std::optional<AnswerValue> matrix = one_matrix(tokens, cell);
  if (!matrix || !all_scalars(*matrix) || matrix->incomplete || matrix->columns == 0 ||
      matrix->columns > max_order || matrix->items.size() != matrix->columns * matrix->columns) {
    return std::nullopt;
  }
  std::vector<std::vector<MathExpr>> rows(matrix->columns);
  for (std::size_t i = 0; i < matrix->items.size(); ++i) {
    rows[i / matrix->columns].push_back(matrix->items[i].expr);
  }
  std::optional<MathExpr> value = determinant(rows);
  if (!value) return std::nullopt;
  return scalar(std::move(*value));
}

}  // namespace

bool is_matrix_environment(std::string_view name) {
  constexpr std::string_view names[] = {"pmatrix", "bmatrix", "Bmatrix",     "vmatrix", "Vmatrix",
                                        "matrix",  "array",   "smallmatrix", "tabular"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::optional<AnswerValue> read_matrix(AnswerTokens tokens, const Cell& cell,
                                       ExprNotation notation) {
  if (std::optional<AnswerValue> lists = from_lists(tokens, cell)) return lists;
  if (!holds_matrix(tokens)) return std::nullopt;
  if (std::optional<AnswerValue> number = read_determinant(tokens, cell)) return number;
  std::vector<bool> minus;
  std::vector<AnswerTokens> terms = pieces(tokens, [&](const AnswerToken& token) {
    const bool sign = token.kind == TokenKind::symbol && (token.text == "+" || token.text == "-");
    if (sign && &token != tokens.data()) minus.push_back(token.text == "-");
    return sign && &token != tokens.data();
  });
  std::optional<AnswerValue> result = term(terms[0], cell, notation);
  for (std::size_t i = 1; i < terms.size() && result; ++i) {
    const std::optional<AnswerValue> next = term(terms[i], cell, notation);
    if (!next) return std::nullopt;
    result = sum(std::move(*result), *next, minus[i - 1]);
  }
  return result;
}

}  // namespace assay::evals
