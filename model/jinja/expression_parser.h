// Expressions, with Jinja's precedences (filters and tests bind tighter than arithmetic).
#pragma once

#include <memory>
#include <string>

#include "model/jinja/ast.h"
#include "model/jinja/token_stream.h"

namespace assay::jinja {

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  /// with_conditional: "a if b else c" is part of it.
  ExprPtr expression(bool with_conditional = true);
  /// One expression, or several with commas between them as a tuple.
  ExprPtr tuple(bool with_conditional);
  /// What stands in {{ }}. Only there, and only last, may text be marked as safe: such text escapes
  /// whatever it is joined with, which this subset does not do.
  ExprPtr printed();
  /// "| name(...) | name ...", applied to `input`.
  ExprPtr filters(ExprPtr input);

 private:
  ExprPtr logical_or();
  ExprPtr logical_and();
  ExprPtr logical_not();
  ExprPtr comparison();
  ExprPtr sum();
  ExprPtr concat();
  ExprPtr product();
  ExprPtr power();
  ExprPtr unary(bool with_filters = true);
  ExprPtr primary();
  ExprPtr name();
  ExprPtr strings();
  ExprPtr parenthesized();
  ExprPtr list();
  ExprPtr dict();
  ExprPtr postfix(ExprPtr operand);
  ExprPtr subscript(ExprPtr operand);
  ExprPtr suffixes(ExprPtr operand);
  ExprPtr test(ExprPtr operand);
  void call_arguments(Expr& call);
  ExprPtr left_chain(ExprPtr (ExpressionParser::*operand)(),
                     std::initializer_list<std::string_view> operators);

  [[noreturn]] void refuse_inner_safe() const;
  ExprPtr node(ExprKind kind, int line) const;
  /// Appends a child (null: an absent part) and keeps the tree's height within its limit.
  void add(Expr& parent, ExprPtr child) const;
  void add_keyword(Expr& parent, std::string name, ExprPtr child) const;
  void grow(Expr& parent, const Expr& child) const;

  TokenStream& tokens_;
  int safe_count_ = 0;
};

}  // namespace assay::jinja
