// Byte-pair encoding of one piece of text: the best-ranked pair is merged first, the leftmost one
// among equals, until no neighbours have a merge (Sennrich et al. 2016; GPT-2's byte-level form).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/types.h"

namespace assay {

/// `left` `right` -> `result`; a merge's rank is its place in the list.
struct BpeMerge {
  TokenId left = -1;
  TokenId right = -1;
  TokenId result = -1;
};

/// Immutable; usable from many threads at once, each with its own Scratch.
class BytePairEncoder {
 public:
  struct Symbol {
    TokenId id = -1;
    std::int32_t rank = 0;  ///< of the merge with the next symbol
    TokenId merged = -1;    ///< what that merge gives
    std::size_t previous = 0;
    std::size_t next = 0;
  };
  struct Candidate {
    std::int32_t rank = 0;
    std::size_t position = 0;
  };
  /// Working memory, reused from piece to piece.
  struct Scratch {
    std::vector<Symbol> symbols;
    std::vector<Candidate> heap;
  };

  BytePairEncoder() = default;
  /// Ids of merges lie in [0, vocab_size), no pair occurs twice. byte_tokens: -1 where a byte has
  /// no token.
  BytePairEncoder(TokenId vocab_size, std::span<const BpeMerge> merges,
                  const std::array<TokenId, 256>& byte_tokens);

  /// Appends the piece's tokens in O(n log n). Bytes without a token are left out before merging.
  void encode(std::string_view piece, Scratch& scratch, std::vector<TokenId>& out) const;
  /// The token of a single byte, or -1.
  TokenId byte_token(std::uint8_t byte) const { return byte_tokens_[byte]; }

 private:
  struct Entry {
    TokenId right = -1;
    std::int32_t rank = 0;
    TokenId result = -1;
  };
  void look_up_merge(Symbol& symbol, const Symbol* next) const;

  std::array<TokenId, 256> byte_tokens_{};
  /// Entries of a left token: [first_entry_[left], first_entry_[left + 1]), sorted by right. Plain
  /// sorted ranges rather than a hash table: no choice of ids makes a look-up slow.
  std::vector<std::uint32_t> first_entry_;
  std::vector<Entry> entries_;
};

}  // namespace assay
