#include "evals/chain/milestones.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "evals/chain/answers.h"
#include "evals/chain/arithmetic/expression.h"
#include "evals/chain/arithmetic/tokens.h"
#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

/// Larger expressions count as a whole only: a bound on the work.
constexpr std::size_t max_parts_nodes = 64;

/// Collects the values of one text within max_work.
class Collector {
 public:
  explicit Collector(ValueSet* out) : out_(out) { values_.work = &work_; }

  void add(const mpq_class& value) {
    std::string text = value.get_str();
    if (text.size() <= max_value_characters) out_->insert(std::move(text));
  }

  /// The value of the (sub)expression at its root, where it is one exact number. A lone decimal is
  /// taken as it is written, whether or not it was rounded there.
  void add_value(const Expression& expression) {
    if (const MathToken* literal = expression.literal()) {
      mpq_class value = literal->value;
      for (int at = expression.root; at >= 0;
           at = expression.nodes[static_cast<std::size_t>(at)].a) {
        if (expression.nodes[static_cast<std::size_t>(at)].op == Expression::Op::negate) {
          value = -value;
        }
      }
      return add(value);
    }
    const auto value = evaluate(expression, Reading::percent_is_plain, values_);
    if (value && value->is_exact()) add(value->low);
  }

  /// The whole of an expression and each of its parts: "3/4 + 2" states 3/4, too.
  void add_parts(Expression& expression) {
    if (expression.nodes.size() > max_parts_nodes) return add_value(expression);
    const int whole = expression.root;
    for (std::size_t node = 0; node < expression.nodes.size(); ++node) {
      expression.root = static_cast<int>(node);
      add_value(expression);
    }
    expression.root = whole;
  }

 private:
  ValueSet* out_;
  long work_ = max_work;
  Values values_;
};

/// A result stands behind this token.
bool announces_result(const MathToken& token) {
  switch (token.kind) {
    case MathToken::Kind::equals:
    case MathToken::Kind::approx:
      return true;
    case MathToken::Kind::word:
      return one_of(token.text, verbs);
    default:
      return false;
  }
}

}  // namespace

ValueSet derived_values(std::string_view text) {
  ValueSet out;
  Collector collector(&out);
  const std::vector<MathToken> tokens = math_tokens(text);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!announces_result(tokens[i])) continue;
    // "= 3x" has no value, "= 3 apples" has 3.
    if (const auto expression = parse_expression(tokens, i + 1)) collector.add_value(*expression);
  }
  for (const ByteSpan box : boxed_values(text, {0, text.size()})) {
    const std::vector<MathToken> boxed = math_tokens(slice(text, box));
    const auto expression = parse_expression(boxed, 0);
    if (expression && expression->end == boxed.size()) collector.add_value(*expression);
  }
  return out;
}

ValueSet stated_values(std::string_view text) {
  ValueSet out = derived_values(text);
  Collector collector(&out);
  const std::vector<MathToken> tokens = math_tokens(text);
  for (const MathToken& token : tokens) {
    if (token.kind == MathToken::Kind::number) collector.add(token.value);
  }
  for (std::size_t i = 0; i < tokens.size();) {
    auto expression = parse_expression(tokens, i);
    if (!expression) {
      ++i;
      continue;
    }
    if (expression->nodes.size() > 1) collector.add_parts(*expression);
    i = std::max(i + 1, expression->end);
  }
  return out;
}

}  // namespace assay::chain
