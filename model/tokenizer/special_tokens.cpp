#include "model/tokenizer/special_tokens.h"

#include <algorithm>

namespace assay {

std::uint32_t SpecialTokens::child(std::uint32_t node, unsigned char byte) const {
  if (node == 0) return first_[byte];
  const auto& children = nodes_[node].children;
  const auto it = std::lower_bound(children.begin(), children.end(), std::pair(byte, 0U));
  return it != children.end() && it->first == byte ? it->second : 0;
}

void SpecialTokens::add(std::string_view text, TokenId id) {
  if (text.empty()) return;
  std::uint32_t node = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    std::uint32_t next = child(node, byte);
    if (next == 0) {
      next = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
      if (node == 0) {
        first_[byte] = next;
      } else {
        auto& children = nodes_[node].children;
        const std::pair entry(byte, next);
        children.insert(std::lower_bound(children.begin(), children.end(), entry), entry);
      }
    }
    node = next;
  }
  if (nodes_[node].id < 0) nodes_[node].id = id;
}

std::optional<SpecialTokens::Match> SpecialTokens::find(std::string_view text,
                                                        std::size_t from) const {
  for (std::size_t begin = from; begin < text.size(); ++begin) {
    std::uint32_t node = first_[static_cast<unsigned char>(text[begin])];
    Match best;
    for (std::size_t end = begin + 1; node != 0; ++end) {
      if (nodes_[node].id >= 0) best = {begin, end, nodes_[node].id};
      if (end == text.size()) break;
      node = child(node, static_cast<unsigned char>(text[end]));
    }
    if (best.id >= 0) return best;
  }
  return std::nullopt;
}

}  // namespace assay
