// The parsers' view of the tokens, and the depth that they share.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/jinja/budget.h"
#include "model/jinja/lexer.h"

namespace assay::jinja {

class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& current() const { return tokens_[pos_]; }
  const Token& following() const { return tokens_[pos_ + 1 < tokens_.size() ? pos_ + 1 : pos_]; }
  int line() const { return current().line; }
  void advance() {
    if (pos_ + 1 < tokens_.size()) ++pos_;
  }
  Token take() {
    Token token = current();
    advance();
    return token;
  }
  bool is(TokenType type) const { return current().type == type; }
  bool is_op(std::string_view op) const { return is(TokenType::op) && current().text == op; }
  bool is_word(std::string_view word) const {
    return is(TokenType::name) && current().text == word;
  }
  bool skip_op(std::string_view op) {
    const bool found = is_op(op);
    if (found) advance();
    return found;
  }
  bool skip_word(std::string_view word) {
    const bool found = is_word(word);
    if (found) advance();
    return found;
  }
  void expect_op(std::string_view op) {
    if (!skip_op(op)) fail_expected(fmt::format("'{}'", op));
  }
  void expect(TokenType type, std::string_view what) {
    if (!is(type)) fail_expected(what);
    advance();
  }
  std::string expect_name(std::string_view what) {
    if (!is(TokenType::name)) fail_expected(what);
    return take().text;
  }

  [[noreturn]] void fail(const std::string& message) const { throw TemplateError(line(), message); }
  [[noreturn]] void fail_expected(std::string_view what) const {
    fail(fmt::format("expected {}, found {}", what, describe(current())));
  }

  /// One level of nesting in the source, for its lifetime.
  class Level {
   public:
    explicit Level(TokenStream& stream) : stream_(stream) {
      if (stream_.depth_ >= kMaxParseDepth) {
        stream_.fail(fmt::format("nested deeper than {} levels", kMaxParseDepth));
      }
      ++stream_.depth_;
    }
    ~Level() { --stream_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    TokenStream& stream_;
  };

 private:
  static std::string describe(const Token& token) {
    switch (token.type) {
      case TokenType::text:
        return "text";
      case TokenType::block_begin:
        return "'{%'";
      case TokenType::block_end:
        return "'%}'";
      case TokenType::print_begin:
        return "'{{'";
      case TokenType::print_end:
        return "'}}'";
      case TokenType::string:
        return "a string";
      case TokenType::end:
        return "the end of the template";
      default:
        return fmt::format("'{}'", token.text);
    }
  }

  std::vector<Token> tokens_;
  std::size_t pos_ = 0;
  int depth_ = 0;
};

}  // namespace assay::jinja
