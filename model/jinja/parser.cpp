#include "model/jinja/parser.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>

#include "model/jinja/builtins.h"
#include "model/jinja/expression_parser.h"
#include "model/jinja/token_stream.h"

namespace assay::jinja {
namespace {

using Words = std::initializer_list<std::string_view>;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)), expressions_(tokens_) {}

  Block run() { return block_until({}); }

 private:
  // Statements up to a tag that begins with one of `ends` (which stays current), or to the end of
  // the template if there are none.
  Block block_until(Words ends) {
    const TokenStream::Level level(tokens_);
    const int first_line = tokens_.line();
    Block block;
    while (!tokens_.is(TokenType::end)) {
      if (tokens_.is(TokenType::text)) {
        auto text = statement(StmtKind::text);
        text->name = tokens_.take().text;
        block.push_back(std::move(text));
      } else if (tokens_.is(TokenType::print_begin)) {
        block.push_back(output());
      } else {
        tokens_.expect(TokenType::block_begin, "a tag");
        const auto ends_here = [&](std::string_view word) { return tokens_.is_word(word); };
        if (std::any_of(ends.begin(), ends.end(), ends_here)) return block;
        block.push_back(tag());
      }
    }
    if (ends.size() > 0) {
      tokens_.fail(
          fmt::format("'{}' of the block at line {} is missing", *(ends.end() - 1), first_line));
    }
    return block;
  }

  StmtPtr statement(StmtKind kind) const {
    auto result = std::make_unique<Stmt>();
    result->kind = kind;
    result->line = tokens_.line();
    return result;
  }

  void end_tag() { tokens_.expect(TokenType::block_end, "'%}'"); }

  // The last of a statement's tags: "endfor %}".
  void close(std::string_view word) {
    if (!tokens_.skip_word(word)) tokens_.fail_expected(fmt::format("'{}'", word));
    end_tag();
  }

  StmtPtr output() {
    auto result = statement(StmtKind::output);
    tokens_.advance();
    result->exprs.push_back(expressions_.printed());
    tokens_.expect(TokenType::print_end, "'}}'");
    return result;
  }

  StmtPtr tag() {
    if (tokens_.is_word("if")) return branch();
    if (tokens_.is_word("for")) return loop();
    if (tokens_.is_word("set")) return set();
    if (tokens_.is_word("macro")) return macro();
    if (tokens_.is_word("generation")) return generation();
    if (tokens_.is_word("break")) return jump(StmtKind::leave);
    if (tokens_.is_word("continue")) return jump(StmtKind::next);
    if (!tokens_.is(TokenType::name)) tokens_.fail_expected("a tag's name");
    const std::string& name = tokens_.current().text;
    const bool closes = name.starts_with("end") || name == "else" || name == "elif";
    tokens_.fail(closes ? fmt::format("unexpected '{}'", name)
                        : fmt::format("tag '{}' is not supported", name));
  }

  StmtPtr branch() {
    auto result = statement(StmtKind::branch);
    do {
      tokens_.advance();  // if, elif
      result->exprs.push_back(expressions_.tuple(false));
      end_tag();
      result->blocks.push_back(block_until({"elif", "else", "endif"}));
    } while (tokens_.is_word("elif"));
    if (tokens_.skip_word("else")) {
      end_tag();
      result->blocks.push_back(block_until({"endif"}));
    }
    close("endif");
    return result;
  }

  StmtPtr loop() {
    auto result = statement(StmtKind::loop);
    tokens_.advance();
    targets(*result, false);
    if (!tokens_.skip_word("in")) tokens_.fail_expected("'in'");
    result->exprs.push_back(expressions_.tuple(false));
    result->exprs.push_back(tokens_.skip_word("if") ? expressions_.expression() : nullptr);
    if (tokens_.is_word("recursive")) tokens_.fail("'recursive' loops are not supported");
    end_tag();
    ++loop_depth_;
    result->blocks.push_back(block_until({"else", "endfor"}));
    --loop_depth_;
    if (tokens_.skip_word("else")) {
      end_tag();
      result->blocks.push_back(block_until({"endfor"}));
    }
    close("endfor");
    return result;
  }

  StmtPtr set() {
    auto result = statement(StmtKind::assign);
    tokens_.advance();
    targets(*result, true);
    if (tokens_.skip_op("=")) {
      result->exprs.push_back(expressions_.tuple(true));
      end_tag();
      return result;
    }
    if (result->unpack) tokens_.fail_expected("'='");
    result->kind = StmtKind::capture;
    auto captured = std::make_unique<Expr>();  // the name that the filters are applied to
    captured->kind = ExprKind::name;
    captured->line = tokens_.line();
    result->exprs.push_back(tokens_.is_op("|") ? expressions_.filters(std::move(captured))
                                               : nullptr);
    end_tag();
    result->blocks.push_back(block_until({"endset"}));
    close("endset");
    return result;
  }

  Target target(bool allows_attribute) {
    Target result;
    result.line = tokens_.line();
    result.name = tokens_.expect_name("a variable's name");
    const Words reserved = {"true", "True", "false", "False", "none", "None"};
    if (std::find(reserved.begin(), reserved.end(), result.name) != reserved.end()) {
      tokens_.fail(fmt::format("'{}' cannot be assigned to", result.name));
    }
    if (allows_attribute && tokens_.skip_op(".")) {
      result.attribute = tokens_.expect_name("a name after '.'");
    }
    return result;
  }

  void targets(Stmt& owner, bool allows_attribute) {
    const bool bracketed = tokens_.skip_op("(");
    owner.targets.push_back(target(allows_attribute));
    while (tokens_.skip_op(",")) {
      owner.unpack = true;
      if (!tokens_.is(TokenType::name) || tokens_.is_word("in")) break;
      owner.targets.push_back(target(allows_attribute));
    }
    if (tokens_.is_op("(")) tokens_.fail("nested tuples of targets are not supported");
    if (bracketed) tokens_.expect_op(")");
  }

  StmtPtr macro() {
    auto result = statement(StmtKind::macro);
    tokens_.advance();
    result->name = target(false).name;
    tokens_.expect_op("(");
    while (!tokens_.is_op(")")) {
      if (!result->targets.empty()) tokens_.expect_op(",");
      result->targets.push_back(target(false));
      if (tokens_.skip_op("=")) {
        result->exprs.push_back(expressions_.expression());
      } else if (!result->exprs.empty()) {
        tokens_.fail("a parameter without a default follows one with a default");
      }
    }
    tokens_.expect_op(")");
    end_tag();
    const int outer_loops = std::exchange(loop_depth_, 0);
    result->blocks.push_back(block_until({"endmacro"}));
    loop_depth_ = outer_loops;
    close("endmacro");
    return result;
  }

  StmtPtr generation() {
    auto result = statement(StmtKind::generation);
    tokens_.advance();
    end_tag();
    result->blocks.push_back(block_until({"endgeneration"}));
    close("endgeneration");
    return result;
  }

  StmtPtr jump(StmtKind kind) {
    auto result = statement(kind);
    const std::string word = tokens_.take().text;
    if (loop_depth_ == 0) tokens_.fail(fmt::format("'{}' outside a loop", word));
    end_tag();
    return result;
  }

  TokenStream tokens_;
  ExpressionParser expressions_;
  int loop_depth_ = 0;
};

}  // namespace

Block parse(std::string_view source) {
  return Parser(tokenize(source)).run();
}

}  // namespace assay::jinja
