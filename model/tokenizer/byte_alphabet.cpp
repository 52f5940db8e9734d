#include "model/tokenizer/byte_alphabet.h"

#include <array>

#include "core/utf8.h"

namespace assay {

namespace {

constexpr char32_t kFirstStandIn = 0x100;
constexpr int kStandIns = 68;

struct Alphabet {
  std::array<char32_t, 256> character_of{};
  /// Byte of each character below kFirstStandIn + kStandIns, -1: none.
  std::array<std::int16_t, kFirstStandIn + kStandIns> byte_of{};

  constexpr Alphabet() {
    byte_of.fill(-1);
    char32_t next = kFirstStandIn;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable =
          (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      const char32_t character = printable ? static_cast<char32_t>(byte) : next++;
      character_of[static_cast<std::size_t>(byte)] = character;
      byte_of[character] = static_cast<std::int16_t>(byte);
    }
  }
};

constexpr Alphabet kAlphabet;

}  // namespace

std::string byte_to_alphabet(std::uint8_t byte) {
  std::string out;
  append_utf8(out, kAlphabet.character_of[byte]);
  return out;
}

std::optional<std::string> bytes_from_alphabet(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (step.status != Utf8Status::character) return std::nullopt;
    if (step.code_point >= kAlphabet.byte_of.size()) return std::nullopt;
    const std::int16_t byte = kAlphabet.byte_of[step.code_point];
    if (byte < 0) return std::nullopt;
    out += static_cast<char>(byte);
    text.remove_prefix(step.bytes);
  }
  return out;
}

}  // namespace assay
