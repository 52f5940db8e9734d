// Cuts a template into tokens: Jinja's lexer with trim_blocks and lstrip_blocks on, as transformers
// configures it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::jinja {

enum class TokenType {
  text,         ///< between tags; whitespace control is already applied
  block_begin,  ///< {%
  block_end,
  print_begin,  ///< {{
  print_end,
  name,
  string,  ///< unescaped
  integer,
  real,
  op,  ///< "+", "==", "(", ...
  end
};

struct Token {
  TokenType type = TokenType::end;
  int line = 0;
  std::string text;
  std::int64_t integer = 0;
  double real = 0;
};

/// The last token is `end`. Throws TemplateError.
std::vector<Token> tokenize(std::string_view source);

}  // namespace assay::jinja
