// Finds tokens that are cut out of the text before anything else: control and user-defined ones.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types.h"

namespace assay {

/// A trie over the tokens' bytes. A search costs O(text + sum of the prefixes it follows), at most
/// O(text * longest token). Immutable once filled; then usable from many threads.
class SpecialTokens {
 public:
  struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
    TokenId id = -1;
  };

  /// An empty text is never found. A text added twice keeps its first id.
  void add(std::string_view text, TokenId id);
  /// The leftmost occurrence at or after `from`; among those that start there, the longest.
  std::optional<Match> find(std::string_view text, std::size_t from) const;

 private:
  struct Node {
    std::vector<std::pair<unsigned char, std::uint32_t>> children;
    TokenId id = -1;
  };
  std::uint32_t child(std::uint32_t node, unsigned char byte) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);  ///< [0] is the root
  std::array<std::uint32_t, 256> first_{};          ///< the root's children by byte, 0: none
};

}  // namespace assay
