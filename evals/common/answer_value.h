// What an answer says, as a typed value (docs/grading.md, G4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evals/common/answer_tokens.h"
#include "evals/common/math_expr.h"

namespace assay::evals {

struct AnswerValue {
  enum class Kind {
    expression,   ///< `expr`, perhaps with a `unit`
    tuple,        ///< items in order: (1,2), a vector <1,2>
    list,         ///< items without brackets: "1, 2", "1 or 2"
    set,          ///< \{1, 2\}
    interval,     ///< two items, open or closed at each end
    union_of,     ///< items are intervals, sets or values
    set_algebra,  ///< intersection or difference: `relations` between items
    matrix,       ///< items row by row, `columns` in each row
    relation,     ///< items with `relations` between them: y = 2x, 1 < x <= 3, x \in S
    base_n,       ///< `text`: digits, `base`
    ratio,        ///< items: 3:4
    choice,       ///< `text`: a letter of a multiple choice, upper case
    text          ///< `text`: words, lower case, letters and digits alone
  };
  Kind kind = Kind::text;
  MathExpr expr;
  std::string unit;  ///< "" none; "%", "degree", "$", else a unit's name: "cm^2", "apple"
  std::vector<AnswerValue> items;
  /// relation: one less than items, of "=" "<" "<=" ">" ">=" "!=" "in"; set_algebra: "\cap" "\"
  std::vector<std::string> relations;
  std::size_t columns = 0;
  bool open_low = false;
  bool open_high = false;
  int base = 10;
  std::string text;
  bool incomplete = false;  ///< an operand was missing somewhere: read as far as it goes
};

enum class ParseStatus {
  value,       ///< read
  empty,       ///< nothing stands there
  over_budget  ///< longer or deeper than the work allowed
};

struct ParsedAnswer {
  ParseStatus status = ParseStatus::empty;
  AnswerValue value;
};

/// LaTeX, plain text, Unicode or Python-like notation. Anything that is no mathematics is text;
/// nothing fails but the budget. Linear in the length of `answer` for bounded depth.
ParsedAnswer parse_answer(std::string_view answer);
ParsedAnswer parse_answer(AnswerTokens tokens);

/// A value that is one expression.
AnswerValue scalar(MathExpr expr);
inline bool is_scalar(const AnswerValue& value) {
  return value.kind == AnswerValue::Kind::expression;
}
/// A scalar without symbols.
bool is_constant(const AnswerValue& value);

/// What a relation gives a value to: the set of x \in S, the last side of x = ... or of 7 + 5 = 12;
/// null where it states no value (9x + 9y = 9).
const AnswerValue* assigned_value(const AnswerValue& value);

/// "integer", "rational", "decimal", "complex", "constant", "rational function", "function",
/// "with unit", "percent", "degree", "tuple", "list", "set", "interval", "union", "matrix",
/// "equation", "inequality", "membership", "base-n", "ratio", "choice", "text".
std::string answer_type(const AnswerValue& value);

/// The normalised form that reports show: "(1/2, sqrt(3))". Equal values may differ in form.
std::string value_text(const AnswerValue& value);

}  // namespace assay::evals
