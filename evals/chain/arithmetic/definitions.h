// What a text says that f stands for: rules such as f(x) = x^2 + 1, and single values.
#pragma once

#include <gmpxx.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "evals/chain/arithmetic/expression.h"

namespace assay::chain {

class Definitions {
 public:
  /// f(x) = body, f(x, y) = body; f(n + 1) = body has the offset 1.
  struct Rule {
    std::vector<std::string> parameters;
    mpq_class offset;
    Expression body;
    bool recursive = false;  ///< the body applies the name itself
  };

  const Rule* rule(const std::string& name) const;
  /// f(argument), where the text says it without a rule.
  std::optional<mpq_class> value(const std::string& name, const mpq_class& argument) const;

  void define(const std::string& name, Rule rule);
  void state(const std::string& name, const mpq_class& argument, const mpq_class& value);
  /// An equation says that something with variables is this number.
  void give(const mpq_class& value) {
    if (given_.size() < max_given) given_.insert(value);
  }
  bool is_given(const mpq_class& value) const { return given_.contains(value); }

  /// It is defined in a way that is not read: by cases, in words.
  void forget(const std::string& name);

 private:
  static constexpr std::size_t max_given = 1000;

  std::set<mpq_class> given_;
  std::map<std::string, Rule> rules_;
  std::map<std::string, std::map<mpq_class, mpq_class>> values_;
};

/// |x| and roundings are told apart by cases, which are not followed here.
bool has_cases(const Expression& expression, const Definitions& definitions);

/// "(a + b)^2 - 2ab = 1 - 2ab", where a + b = 1 was said before: the right side has a number that
/// an equation gave, and that the left side has not.
bool uses_given_number(const Expression& left, const Expression& right,
                       const Definitions& definitions);

/// Whether `left` is f(x), f(x, y), f(n + 1): the head of a rule.
std::optional<Definitions::Rule> rule_head(const Expression& left);

}  // namespace assay::chain
