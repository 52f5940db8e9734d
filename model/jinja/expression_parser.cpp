#include "model/jinja/expression_parser.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "model/jinja/builtins.h"

namespace assay::jinja {

ExprPtr ExpressionParser::node(ExprKind kind, int line) const {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->line = line;
  return expr;
}

void ExpressionParser::grow(Expr& parent, const Expr& child) const {
  parent.height = std::max(parent.height, child.height + 1);
  if (parent.height > kMaxExpressionDepth) {
    tokens_.fail(fmt::format("an expression has more than {} levels", kMaxExpressionDepth));
  }
}

void ExpressionParser::add(Expr& parent, ExprPtr child) const {
  if (child) grow(parent, *child);
  parent.parts.push_back(std::move(child));
}

void ExpressionParser::add_keyword(Expr& parent, std::string name, ExprPtr child) const {
  grow(parent, *child);
  const bool repeated = std::any_of(parent.keywords.begin(), parent.keywords.end(),
                                    [&](const auto& keyword) { return keyword.first == name; });
  if (repeated) tokens_.fail(fmt::format("argument '{}' is given twice", name));
  parent.keywords.emplace_back(std::move(name), std::move(child));
}

ExprPtr ExpressionParser::expression(bool with_conditional) {
  const TokenStream::Level level(tokens_);
  ExprPtr value = logical_or();
  while (with_conditional && tokens_.is_word("if")) {
    auto conditional = node(ExprKind::conditional, tokens_.take().line);
    add(*conditional, std::move(value));
    add(*conditional, logical_or());
    add(*conditional, tokens_.skip_word("else") ? expression() : nullptr);
    value = std::move(conditional);
  }
  return value;
}

ExprPtr ExpressionParser::tuple(bool with_conditional) {
  const int line = tokens_.line();
  ExprPtr first = expression(with_conditional);
  if (!tokens_.is_op(",")) return first;
  auto all = node(ExprKind::tuple, line);
  add(*all, std::move(first));
  while (tokens_.skip_op(",")) {
    if (tokens_.is(TokenType::block_end) || tokens_.is(TokenType::print_end) ||
        tokens_.is_op(")")) {
      break;
    }
    add(*all, expression(with_conditional));
  }
  return all;
}

ExprPtr ExpressionParser::left_chain(ExprPtr (ExpressionParser::*operand)(),
                                     std::initializer_list<std::string_view> operators) {
  ExprPtr left = (this->*operand)();
  const auto matches = [&](std::string_view op) { return tokens_.is_op(op); };
  while (std::any_of(operators.begin(), operators.end(), matches)) {
    auto binary = node(ExprKind::binary, tokens_.line());
    binary->name = tokens_.take().text;
    add(*binary, std::move(left));
    add(*binary, (this->*operand)());
    left = std::move(binary);
  }
  return left;
}

ExprPtr ExpressionParser::logical_or() {
  ExprPtr left = logical_and();
  while (tokens_.is_word("or")) {
    auto logical = node(ExprKind::logical, tokens_.line());
    logical->name = tokens_.take().text;
    add(*logical, std::move(left));
    add(*logical, logical_and());
    left = std::move(logical);
  }
  return left;
}

ExprPtr ExpressionParser::logical_and() {
  ExprPtr left = logical_not();
  while (tokens_.is_word("and")) {
    auto logical = node(ExprKind::logical, tokens_.line());
    logical->name = tokens_.take().text;
    add(*logical, std::move(left));
    add(*logical, logical_not());
    left = std::move(logical);
  }
  return left;
}

ExprPtr ExpressionParser::logical_not() {
  if (!tokens_.is_word("not")) return comparison();
  const TokenStream::Level level(tokens_);
  auto negation = node(ExprKind::unary, tokens_.line());
  negation->name = tokens_.take().text;
  add(*negation, logical_not());
  return negation;
}

ExprPtr ExpressionParser::comparison() {
  static constexpr std::array<std::string_view, 6> kOperators = {"==", "!=", "<", "<=", ">", ">="};
  const int line = tokens_.line();
  ExprPtr first = sum();
  ExprPtr chain;
  while (true) {
    std::string op;
    if (tokens_.is(TokenType::op) && std::find(kOperators.begin(), kOperators.end(),
                                               tokens_.current().text) != kOperators.end()) {
      op = tokens_.take().text;
    } else if (tokens_.skip_word("in")) {
      op = "in";
    } else if (tokens_.is_word("not") && tokens_.following().type == TokenType::name &&
               tokens_.following().text == "in") {
      tokens_.advance();
      tokens_.advance();
      op = "not in";
    } else {
      return chain ? std::move(chain) : std::move(first);
    }
    if (!chain) {
      chain = node(ExprKind::comparison, line);
      add(*chain, std::move(first));
    }
    chain->names.push_back(std::move(op));
    add(*chain, sum());
  }
}

ExprPtr ExpressionParser::sum() {
  return left_chain(&ExpressionParser::concat, {"+", "-"});
}

ExprPtr ExpressionParser::concat() {
  ExprPtr first = product();
  if (!tokens_.is_op("~")) return first;
  auto all = node(ExprKind::concat, tokens_.line());
  add(*all, std::move(first));
  while (tokens_.skip_op("~")) add(*all, product());
  return all;
}

ExprPtr ExpressionParser::product() {
  return left_chain(&ExpressionParser::power, {"*", "/", "//", "%"});
}

ExprPtr ExpressionParser::power() {
  const auto operand = [this] { return unary(); };
  ExprPtr left = operand();
  while (tokens_.is_op("**")) {
    auto binary = node(ExprKind::binary, tokens_.line());
    binary->name = tokens_.take().text;
    add(*binary, std::move(left));
    add(*binary, operand());
    left = std::move(binary);
  }
  return left;
}

ExprPtr ExpressionParser::unary(bool with_filters) {
  const TokenStream::Level level(tokens_);
  ExprPtr value;
  if (tokens_.is_op("-") || tokens_.is_op("+")) {
    value = node(ExprKind::unary, tokens_.line());
    value->name = tokens_.take().text;
    add(*value, unary(false));
  } else {
    value = primary();
  }
  value = postfix(std::move(value));
  return with_filters ? suffixes(std::move(value)) : std::move(value);
}

ExprPtr ExpressionParser::primary() {
  const int line = tokens_.line();
  switch (tokens_.current().type) {
    case TokenType::name:
      return name();
    case TokenType::string:
      return strings();
    case TokenType::integer: {
      auto constant = node(ExprKind::constant, line);
      constant->constant = Value(tokens_.take().integer);
      return constant;
    }
    case TokenType::real: {
      auto constant = node(ExprKind::constant, line);
      constant->constant = Value(tokens_.take().real);
      return constant;
    }
    default:
      break;
  }
  if (tokens_.is_op("(")) return parenthesized();
  if (tokens_.is_op("[")) return list();
  if (tokens_.is_op("{")) return dict();
  tokens_.fail_expected("an expression");
}

ExprPtr ExpressionParser::name() {
  const Token token = tokens_.take();
  auto constant = node(ExprKind::constant, token.line);
  if (token.text == "true" || token.text == "True") {
    constant->constant = Value(true);
  } else if (token.text == "false" || token.text == "False") {
    constant->constant = Value(false);
  } else if (token.text == "none" || token.text == "None") {
    constant->constant = Value();
  } else {
    constant->kind = ExprKind::name;
    constant->name = token.text;
    if (is_refused_name(token.text)) {
      throw TemplateError{token.line, fmt::format("'{}' is not supported", token.text)};
    }
  }
  return constant;
}

ExprPtr ExpressionParser::strings() {
  auto constant = node(ExprKind::constant, tokens_.line());
  std::string text;
  while (tokens_.is(TokenType::string)) text += tokens_.take().text;  // adjacent ones are joined
  constant->constant = Value(std::move(text));
  return constant;
}

ExprPtr ExpressionParser::parenthesized() {
  const int line = tokens_.take().line;
  if (tokens_.skip_op(")")) return node(ExprKind::tuple, line);
  ExprPtr inner = tuple(true);
  tokens_.expect_op(")");
  return inner;
}

ExprPtr ExpressionParser::list() {
  auto all = node(ExprKind::list, tokens_.take().line);
  while (!tokens_.is_op("]")) {
    if (!all->parts.empty()) {
      tokens_.expect_op(",");
      if (tokens_.is_op("]")) break;
    }
    add(*all, expression());
  }
  tokens_.expect_op("]");
  return all;
}

ExprPtr ExpressionParser::dict() {
  auto all = node(ExprKind::dict, tokens_.take().line);
  while (!tokens_.is_op("}")) {
    if (!all->parts.empty()) {
      tokens_.expect_op(",");
      if (tokens_.is_op("}")) break;
    }
    add(*all, expression());
    tokens_.expect_op(":");
    add(*all, expression());
  }
  tokens_.expect_op("}");
  return all;
}

ExprPtr ExpressionParser::postfix(ExprPtr operand) {
  while (true) {
    if (tokens_.is_op(".")) {
      const int line = tokens_.take().line;
      const bool number = tokens_.is(TokenType::integer);
      auto access = node(number ? ExprKind::item : ExprKind::attribute, line);
      add(*access, std::move(operand));
      if (number) {
        add(*access, primary());
      } else {
        access->name = tokens_.expect_name("a name after '.'");
      }
      operand = std::move(access);
    } else if (tokens_.is_op("[")) {
      operand = subscript(std::move(operand));
    } else if (tokens_.is_op("(")) {
      auto call = node(ExprKind::call, tokens_.line());
      add(*call, std::move(operand));
      call_arguments(*call);
      operand = std::move(call);
    } else {
      return operand;
    }
  }
}

ExprPtr ExpressionParser::subscript(ExprPtr operand) {
  auto access = node(ExprKind::item, tokens_.take().line);
  add(*access, std::move(operand));
  const auto bound = [&]() -> ExprPtr {
    return tokens_.is_op(":") || tokens_.is_op("]") ? nullptr : expression();
  };
  ExprPtr first = bound();
  if (tokens_.skip_op(":")) {
    access->kind = ExprKind::slice;
    add(*access, std::move(first));
    add(*access, bound());
    add(*access, tokens_.skip_op(":") ? bound() : nullptr);
  } else if (first) {
    add(*access, std::move(first));
  } else {
    tokens_.fail_expected("an expression");
  }
  if (tokens_.is_op(",")) tokens_.fail("a tuple as subscript is not supported");
  tokens_.expect_op("]");
  return access;
}

void ExpressionParser::call_arguments(Expr& call) {
  tokens_.expect_op("(");
  while (!tokens_.is_op(")")) {
    if (tokens_.is_op("*") || tokens_.is_op("**")) {
      tokens_.fail(fmt::format("'{}' before an argument is not supported", tokens_.current().text));
    }
    if (tokens_.is(TokenType::name) && tokens_.following().type == TokenType::op &&
        tokens_.following().text == "=") {
      std::string key = tokens_.take().text;
      tokens_.advance();
      add_keyword(call, std::move(key), expression());
    } else {
      if (!call.keywords.empty()) tokens_.fail("an argument without a name follows a named one");
      add(call, expression());
    }
    if (!tokens_.is_op(")")) tokens_.expect_op(",");
  }
  tokens_.expect_op(")");
}

ExprPtr ExpressionParser::suffixes(ExprPtr operand) {
  while (true) {
    if (tokens_.is_op("|")) {
      operand = filters(std::move(operand));
    } else if (tokens_.is_word("is")) {
      operand = test(std::move(operand));
    } else if (tokens_.is_op("(")) {
      // Jinja lets a call follow a filter: (x | f)(...)
      tokens_.fail("calling the result of a filter or test is not supported");
    } else {
      return operand;
    }
  }
}

ExprPtr ExpressionParser::filters(ExprPtr input) {
  while (tokens_.skip_op("|")) {
    auto filter = node(ExprKind::filter, tokens_.line());
    filter->name = tokens_.expect_name("a filter's name");
    while (tokens_.skip_op(".")) filter->name += "." + tokens_.expect_name("a filter's name");
    if (!is_filter(filter->name)) {
      throw TemplateError{filter->line, fmt::format("filter '{}' is not supported", filter->name)};
    }
    add(*filter, std::move(input));
    if (tokens_.is_op("(")) call_arguments(*filter);
    if (filter->name == "safe" && !tokens_.is(TokenType::print_end)) refuse_inner_safe();
    if (filter->name == "safe") ++safe_count_;
    input = std::move(filter);
  }
  return input;
}

ExprPtr ExpressionParser::printed() {
  const int before = safe_count_;
  ExprPtr value = tuple(true);
  const bool outermost = value->kind == ExprKind::filter && value->name == "safe";
  if (safe_count_ - before > (outermost ? 1 : 0)) refuse_inner_safe();
  return value;
}

void ExpressionParser::refuse_inner_safe() const {
  tokens_.fail("filter 'safe' is supported only as the last step of an output");
}

ExprPtr ExpressionParser::test(ExprPtr operand) {
  const int line = tokens_.take().line;
  const bool negated = tokens_.skip_word("not");
  auto test = node(ExprKind::test, line);
  test->name = tokens_.expect_name("a test's name");
  while (tokens_.skip_op(".")) test->name += "." + tokens_.expect_name("a test's name");
  if (!is_test(test->name)) {
    throw TemplateError{line, fmt::format("test '{}' is not supported", test->name)};
  }
  add(*test, std::move(operand));
  const bool word = tokens_.is(TokenType::name) && !tokens_.is_word("else") &&
                    !tokens_.is_word("or") && !tokens_.is_word("and");
  if (tokens_.is_word("is")) tokens_.fail("tests cannot be chained with 'is'");
  if (tokens_.is_op("(")) {
    call_arguments(*test);
  } else if (word || tokens_.is(TokenType::string) || tokens_.is(TokenType::integer) ||
             tokens_.is(TokenType::real) || tokens_.is_op("[") || tokens_.is_op("{")) {
    add(*test, postfix(primary()));
  }
  if (!negated) return test;
  auto negation = node(ExprKind::unary, line);
  negation->name = "not";
  add(*negation, std::move(test));
  return negation;
}

}  // namespace assay::jinja
