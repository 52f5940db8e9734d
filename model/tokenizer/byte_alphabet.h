// GPT-2's printable alphabet for bytes (bytes_to_unicode of the GPT-2 release): 188 printable bytes
// of Latin-1 stand for themselves, the other 68 are U+0100, U+0101, ... in order of the byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay {

/// The one character, in UTF-8, that stands for `byte`.
std::string byte_to_alphabet(std::uint8_t byte);

/// The bytes that a token's text stands for; nothing if a character is not of the alphabet.
std::optional<std::string> bytes_from_alphabet(std::string_view text);

}  // namespace assay
