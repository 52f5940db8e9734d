// Claims with variables: identities, simplifications, and equations that follow from others.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "evals/chain/arithmetic/expression.h"
#include "evals/chain/arithmetic/polynomial.h"
#include "evals/chain/regions.h"

namespace assay::chain {

/// Whether two expressions in the same variables agree everywhere, tried at fixed points (a
/// rational identity that fails at one of them is refuted, one that holds at all is as good as
/// proved: Schwartz 1980). Nothing: other variables on one side, or not evaluable.
std::optional<bool> identical(const Expression& left, const Expression& right,
                              const Values& values);

/// `from` has something to simplify that `to` has not: a product, quotient or power of a sum, a
/// factorial, or more terms. "2x + 1 = 3x - 4" is an equation, "2(x + 1) = 2x + 2" a
/// simplification.
bool simplifies(const Expression& from, const Expression& to);

/// Both are polynomials of the same degree, at least `least`, with the same first coefficient along
/// a line through the origin: a product and a wrong expansion of it look like that, the two sides
/// of an equation seldom.
bool expands_alike(const Expression& left, const Expression& right, std::size_t least,
                   const Values& values);

/// The polynomial equations of a text, in order: does each follow from the one before?
class Derivations {
 public:
  /// `work`: what is left of max_work, shared with others.
  Derivations(std::string_view text, long* work) : text_(text) { values_.work = work; }

  struct Finding {
    bool holds = true;
    std::string why;  ///< of a contradiction
  };
  /// Nothing: no polynomial equation, or none before it that it follows from. In more variables
  /// than one, it follows only where the text says that it was transformed.
  std::optional<Finding> next(const Expression& left, const Expression& right, ByteSpan span);
  /// Something else stands between; what comes next follows from nothing before it.
  void interrupt() { before_.reset(); }

 private:
  struct Equation {
    std::set<std::string> variables;
    Polynomial polynomial;
    ByteSpan span;
    bool ends = false;         ///< solved: "x = 2"
    bool bare_right = false;   ///< its right side is just a number
    bool ends_branch = false;  ///< another one stood beside it
    int decimals = -1;         ///< of a solution, digits shown
  };
  std::optional<Equation> read(const Expression& left, const Expression& right) const;
  std::optional<Finding> judge(const Equation& before, const Equation& now) const;
  bool derives(std::size_t from, std::size_t to) const;
  std::string_view left_of(ByteSpan equation) const;
  bool is_list(std::size_t from, std::size_t to) const;

  std::string_view text_;
  Values values_;
  std::optional<Equation> before_;
  std::optional<Equation> source_;  ///< the last one of a higher degree
};

}  // namespace assay::chain
