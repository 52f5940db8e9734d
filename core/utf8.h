// UTF-8 one character at a time. Well-formed is what Unicode 15, table 3-7 says: no overlong forms,
// no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay {

enum class Utf8Status {
  character,  ///< a well-formed character
  truncated,  ///< the text ends inside what could still become a character
  invalid     ///< the first byte starts no character, whatever follows
};

struct Utf8Step {
  Utf8Status status = Utf8Status::invalid;
  std::size_t bytes = 1;    ///< of the character; all of a truncated rest; 1 when invalid
  char32_t code_point = 0;  ///< of the character
};

/// Looks at the start of `text`, which must not be empty.
Utf8Step utf8_step(std::string_view text);

/// Length of the longest prefix that is whole well-formed characters.
std::size_t utf8_valid_prefix(std::string_view text);

/// Appends a Unicode scalar value (never a surrogate).
void append_utf8(std::string& out, char32_t code_point);

}  // namespace assay
