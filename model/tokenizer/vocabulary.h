// What the ids of a tokenizer mean, checked.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "model/tokenizer/bpe.h"
#include "model/tokenizer_spec.h"

namespace assay {

/// Control, unknown and user-defined tokens: plain text, cut out before BPE.
bool is_special(TokenKind kind);

class Vocabulary {
 public:
  /// Fails on an empty vocabulary, ids out of range, a text that occurs twice, and tokens that
  /// byte-level BPE cannot do without.
  static Result<Vocabulary> create(const TokenizerSpec& spec);
  Vocabulary(Vocabulary&&) noexcept = default;
  Vocabulary& operator=(Vocabulary&&) noexcept = default;
  Vocabulary(const Vocabulary&) = delete;  // the maps point into bytes_
  Vocabulary& operator=(const Vocabulary&) = delete;
  ~Vocabulary() = default;

  TokenId size() const { return static_cast<TokenId>(bytes_.size()); }
  const std::string& bytes(TokenId id) const { return bytes_[static_cast<std::size_t>(id)]; }
  /// The normal token with these bytes, or -1.
  TokenId find_normal(std::string_view bytes) const;
  /// The special token with this text, or -1.
  TokenId find_special(std::string_view text) const;
  /// Token of each byte, or -1.
  const std::array<TokenId, 256>& byte_tokens() const { return byte_tokens_; }

 private:
  using IdsByText = std::unordered_map<std::string_view, TokenId>;

  Vocabulary() = default;
  Result<void> add_tokens(const TokenizerSpec& spec);
  Result<void> find_byte_tokens();

  std::vector<std::string> bytes_;  ///< by id; never resized once the maps point into it
  IdsByText normal_;
  IdsByText special_;
  std::array<TokenId, 256> byte_tokens_{};
};

/// The spec's merges as ids. Fails, with the merge's number, on one that is not "left right", names
/// or makes a token that the vocabulary does not have, or occurs twice.
Result<std::vector<BpeMerge>> resolve_merges(const TokenizerSpec& spec);

}  // namespace assay
