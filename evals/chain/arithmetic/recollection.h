// What a text said just before: the same name's value on the line before, and the values of
// variables in the same sentence.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "evals/chain/arithmetic/expression.h"
#include "evals/chain/regions.h"

namespace assay::chain {

/// "S = 3 \cdot 4 \cdot 5, so S = 50": one name, two values.
class LineBefore {
 public:
  explicit LineBefore(std::string_view text) : text_(text) {}

  /// What the line before gives for `name`, if this line, which begins at `begin`, only goes on
  /// with it, and its `value` is the simpler one.
  const Expression* same(std::string_view name, std::size_t begin, const Expression& value) const;
  /// A line "name = ... = value" has been read; it ends at `end`.
  void remember(std::string_view name, const Expression& value, std::size_t end);
  /// "so", "thus": words that only lead from one line to the next.
  static bool leads_on(std::string_view word);
  /// How a name is compared: without blanks. Empty: too long to be one.
  static std::string key(std::string_view name);

 private:
  std::string_view text_;
  std::string name_;
  std::optional<Expression> value_;
  std::size_t end_ = 0;
};

/// "If x = 3 and y = 4, then x + y = 8".
class SentenceValues {
 public:
  /// A sentence ended.
  void clear() {
    values_.clear();
    begin_ = std::string_view::npos;
  }
  /// Takes "x = 3" in; true if it is of this form. A second value of x voids the first.
  bool assign(const Expression& left, const Expression& right, ByteSpan span);
  /// All variables of both sides have values here, and nothing between says that they were not
  /// meant together: `values` with those.
  std::optional<Values> values_for(const Expression& left, const Expression& right,
                                   std::string_view text, ByteSpan claim,
                                   const Values& values) const;

 private:
  std::map<std::string, std::optional<mpq_class>> values_;
  std::size_t begin_ = std::string_view::npos;  ///< of the first one
};

}  // namespace assay::chain
