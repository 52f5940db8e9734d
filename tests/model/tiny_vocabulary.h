// A small but complete vocabulary: 256 bytes, a few merges, a few specials.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "model/tokenizer/byte_alphabet.h"
#include "model/tokenizer_spec.h"

namespace assay::testing {

inline std::string to_alphabet(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += byte_to_alphabet(static_cast<std::uint8_t>(c));
  return out;
}

inline TokenId add_token(TokenizerSpec& spec, std::string text, TokenKind kind) {
  spec.tokens.push_back(std::move(text));
  spec.kinds.push_back(kind);
  return static_cast<TokenId>(spec.tokens.size()) - 1;
}

/// Adds the merge, and its token if the vocabulary lacks it.
inline void add_merge(TokenizerSpec& spec, std::string_view left, std::string_view right) {
  spec.merges.push_back(to_alphabet(left) + " " + to_alphabet(right));
  const std::string joined = to_alphabet(std::string(left).append(right));
  for (const std::string& token : spec.tokens) {
    if (token == joined) return;
  }
  add_token(spec, joined, TokenKind::normal);
}

/// Ids 0..255 are the bytes. Merges: he, ll, hell, hello, " w", e-acute of its two bytes.
/// Control: <s>, </s>, <s><s>. User-defined: <think>, </think>. One unused token.
inline TokenizerSpec tiny_vocabulary(PreTokenizer pre = PreTokenizer::qwen2) {
  TokenizerSpec spec;
  spec.pre = pre;
  for (int byte = 0; byte < 256; ++byte) {
    add_token(spec, byte_to_alphabet(static_cast<std::uint8_t>(byte)), TokenKind::normal);
  }
  add_merge(spec, "h", "e");
  add_merge(spec, "l", "l");
  add_merge(spec, "he", "ll");
  add_merge(spec, "hell", "o");
  add_merge(spec, " ", "w");
  add_merge(spec, "\xC3", "\xA9");
  spec.bos = add_token(spec, "<s>", TokenKind::control);
  spec.eos = add_token(spec, "</s>", TokenKind::control);
  add_token(spec, "<s><s>", TokenKind::control);
  add_token(spec, "<think>", TokenKind::user_defined);
  add_token(spec, "</think>", TokenKind::user_defined);
  add_token(spec, "[PAD]", TokenKind::unused);
  return spec;
}

}  // namespace assay::testing
