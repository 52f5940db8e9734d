#include "evals/common/compat/sympy_latex.h"

#include <array>

#include "evals/common/compat/sympy_reader.h"

namespace assay::evals::compat {
namespace {

using Op = MathExpr::Op;
using Read = std::optional<MathExpr>;

constexpr std::size_t kMaxTokens = 1024;

bool has_symbol(const MathExpr& expr) {
  if (expr.op == Op::symbol) return true;
  return std::any_of(expr.args.begin(), expr.args.end(), has_symbol);
}

bool depends_on(const MathExpr& expr, const std::string& symbol) {
  if (expr.op == Op::symbol) return expr.name == symbol;
  return std::any_of(expr.args.begin(), expr.args.end(),
                     [&symbol](const MathExpr& arg) { return depends_on(arg, symbol); });
}

}  // namespace

MathExpr SympyReader::node(Op op, std::vector<MathExpr> args) {
  MathExpr expr;
  expr.op = op;
  expr.args = std::move(args);
  return expr;
}

MathExpr SympyReader::named(Op op, std::string name, std::vector<MathExpr> args) {
  MathExpr expr = node(op, std::move(args));
  expr.name = std::move(name);
  return expr;
}

MathExpr SympyReader::integer(long value) {
  MathExpr expr;
  expr.op = Op::number;
  expr.value = value;
  return expr;
}

SympyRead SympyReader::run() {
  SympyRead read;
  Read left = sum();
  if (left) {
    read.status = SympyRead::Status::expression;
    read.left = std::move(*left);
    if (is_relation()) read_relation(read);
  }
  if (over_budget_) read.status = SympyRead::Status::budget;
  // sympy's lexer had raised an exception before its parser could stop.
  const bool saw_error = tokens_[std::min(furthest_, tokens_.size() - 1)].kind == Kind::error;
  if (saw_error || raised_) read.status = SympyRead::Status::text;
  return read;
}

void SympyReader::read_relation(SympyRead& read) {
  read.relation = peek().text;
  ++at_;
  Read right = sum();
  if (right && !is_relation()) {
    read.status = SympyRead::Status::relation;
    read.right = std::move(*right);
  } else {
    read.status = SympyRead::Status::text;  // also a chain, which sympy will not nest
  }
}

Read SympyReader::sum() {
  Read left = attempt([this] { return product(false); });
  while (left && (is_op("+") || is_op("-"))) {
    const bool minus = is_op("-");
    const std::size_t begin = at_++;
    Read right = attempt([this] { return product(false); });
    if (!right) {
      at_ = begin;
      break;
    }
    if (minus) right = node(Op::negate, {std::move(*right)});
    left = node(Op::add, {std::move(*left), std::move(*right)});
  }
  return left;
}

Read SympyReader::product(bool no_calls) {
  Read left = signed_factors(no_calls);
  while (left && (is_op("*") || is_op("/"))) {
    const Op op = is_op("*") ? Op::multiply : Op::divide;
    const std::size_t begin = at_++;
    Read right = attempt([this, no_calls] { return signed_factors(no_calls); });
    if (!right) {
      at_ = begin;
      break;
    }
    left = node(op, {std::move(*left), std::move(*right)});
  }
  return left;
}

Read SympyReader::signed_factors(bool no_calls) {
  bool negative = false;
  while (is_op("+") || is_op("-")) {
    negative = negative != is_op("-");
    ++at_;
  }
  std::vector<MathExpr> factors;
  for (;;) {
    const bool calls = !no_calls || factors.empty();
    Read factor = attempt([this, calls] { return postfixed(calls); });
    if (!factor) break;
    factors.push_back(std::move(*factor));
  }
  if (factors.empty()) return std::nullopt;
  Read joined = joined_factors(std::move(factors));
  if (joined && negative) return node(Op::negate, {std::move(*joined)});
  return joined;
}

Read SympyReader::joined_factors(std::vector<MathExpr> factors) {
  MathExpr joined = std::move(factors.back());
  if (is_derivative(joined)) return std::nullopt;
  for (std::size_t i = factors.size() - 1; i-- > 0;) {
    MathExpr& factor = factors[i];
    if (is_derivative(factor)) {
      joined = derivative(std::move(joined), factor.name);
      continue;
    }
    // factors.back() was moved from, but the last of the product still is `joined`.
    const MathExpr& right = i + 2 == factors.size() ? joined : factors[i + 1];
    const bool times = i > 0 && factor.op == Op::symbol && factor.name == "x" &&
                       !has_symbol(factors[i - 1]) && !has_symbol(right);
    if (!times) joined = node(Op::multiply, {factor, std::move(joined)});
  }
  return joined;
}

MathExpr SympyReader::derivative(MathExpr expr, const std::string& variable) {
  if (!depends_on(expr, variable)) return integer(0);
  return named(Op::apply, "derivative by " + variable, {std::move(expr)});
}

Read SympyReader::postfixed(bool calls) {
  Read read = powered(calls);
  while (read && take("!")) read = named(Op::function, "factorial", {std::move(*read)});
  return read;
}

Read SympyReader::powered(bool calls) {
  Read base = component(calls);
  while (base && is_op("^")) {
    const std::size_t begin = at_++;
    Read exponent = attempt([this] { return braced_or_atom(); });
    if (!exponent || is_derivative(*base)) {
      at_ = begin;
      break;
    }
    base = node(Op::power, {std::move(*base), std::move(*exponent)});
  }
  return base;
}

Read SympyReader::braced_or_atom() {
  if (!take("{")) return atom();
  Read read = sum();
  if (!read || !take("}")) return std::nullopt;
  return read;
}

Read SympyReader::component(bool calls) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> groups = {
      {{"(", ")"}, {"[", "]"}, {"{", "}"}, {"\\{", "\\}"}}};
  for (const auto& [open, close] : groups) {
    if (take(open)) return closed(sum(), close);
  }
  if (take("|")) {
    Read read = closed(sum(), "|");
    if (!read) return std::nullopt;
    return named(Op::function, "abs", {std::move(*read)});
  }
  if (calls) {
    Read read = attempt([this] { return call(); });
    if (read || over_budget_) return read;
  }
  return atom();
}

Read SympyReader::closed(Read read, std::string_view close) {
  if (!read || !take(close)) return std::nullopt;
  return read;
}

SympyRead read_sympy_latex(std::string_view text) {
  SympyRead read;
  std::vector<SympyToken> tokens = sympy_tokens(text);
  if (tokens.size() > kMaxTokens) {
    read.status = SympyRead::Status::budget;
    return read;
  }
  return SympyReader(std::move(tokens)).run();
}

}  // namespace assay::evals::compat
