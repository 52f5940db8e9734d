#include "evals/chain/arithmetic/token_context.h"

#include <string_view>

#include "core/ascii.h"

namespace assay::chain {
namespace {

using Kind = MathToken::Kind;

/// The innermost bracket that is open, or npos.
std::size_t open_bracket(std::span<const MathToken> tokens) {
  constexpr std::size_t longest = 40;
  int depth = 0;
  for (std::size_t i = tokens.size(); i-- > 0 && i + longest > tokens.size();) {
    if (tokens[i].kind == Kind::barrier) return npos;
    if (tokens[i].kind == Kind::close) ++depth;
    if (tokens[i].kind == Kind::open && depth-- == 0) return i;
  }
  return npos;
}

}  // namespace

bool in_bracket(std::span<const MathToken> tokens) {
  return open_bracket(tokens) != npos;
}

bool in_call(std::span<const MathToken> tokens) {
  const std::size_t i = open_bracket(tokens);
  if (i == npos || i == 0 || tokens[i].text != "(" || tokens[i].space) return false;
  return tokens[i - 1].kind == Kind::variable || tokens[i - 1].kind == Kind::function;
}

bool is_operand_end(MathToken::Kind kind) {
  return kind == Kind::number || kind == Kind::variable || kind == Kind::close ||
         kind == Kind::percent || kind == Kind::word || kind == Kind::factorial;
}

}  // namespace assay::chain
