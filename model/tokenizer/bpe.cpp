#include "model/tokenizer/bpe.h"

#include <algorithm>
#include <limits>

#include "core/error.h"

namespace assay {

namespace {

constexpr std::int32_t kNoMerge = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// Heap order: the best rank on top, the leftmost among equals.
bool worse(const BytePairEncoder::Candidate& a, const BytePairEncoder::Candidate& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
}

}  // namespace

BytePairEncoder::BytePairEncoder(TokenId vocab_size, std::span<const BpeMerge> merges,
                                 const std::array<TokenId, 256>& byte_tokens)
    : byte_tokens_(byte_tokens),
      first_entry_(static_cast<std::size_t>(vocab_size) + 1),
      entries_(merges.size()) {
  ASSAY_ASSERT(merges.size() < static_cast<std::size_t>(kNoMerge));
  for (const BpeMerge& merge : merges) ++first_entry_[static_cast<std::size_t>(merge.left) + 1];
  for (std::size_t i = 1; i < first_entry_.size(); ++i) first_entry_[i] += first_entry_[i - 1];
  std::vector<std::uint32_t> next(first_entry_.begin(), first_entry_.end() - 1);
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const BpeMerge& merge = merges[rank];
    entries_[next[static_cast<std::size_t>(merge.left)]++] = {
        merge.right, static_cast<std::int32_t>(rank), merge.result};
  }
  for (std::size_t left = 0; left + 1 < first_entry_.size(); ++left) {
    std::sort(entries_.begin() + first_entry_[left], entries_.begin() + first_entry_[left + 1],
              [](const Entry& a, const Entry& b) { return a.right < b.right; });
  }
}

void BytePairEncoder::look_up_merge(Symbol& symbol, const Symbol* next) const {
  symbol.rank = kNoMerge;
  if (next == nullptr) return;
  const auto left = static_cast<std::size_t>(symbol.id);
  const auto begin = entries_.begin() + first_entry_[left];
  const auto end = entries_.begin() + first_entry_[left + 1];
  const auto it = std::lower_bound(
      begin, end, next->id, [](const Entry& entry, TokenId right) { return entry.right < right; });
  if (it == end || it->right != next->id) return;
  symbol.rank = it->rank;
  symbol.merged = it->result;
}

void BytePairEncoder::encode(std::string_view piece, Scratch& scratch,
                             std::vector<TokenId>& out) const {
  auto& symbols = scratch.symbols;
  auto& heap = scratch.heap;
  symbols.clear();
  heap.clear();
  for (const char c : piece) {
    const TokenId id = byte_tokens_[static_cast<unsigned char>(c)];
    if (id < 0) continue;
    symbols.push_back({id, kNoMerge, -1, symbols.size() - 1, symbols.size() + 1});
  }
  if (symbols.empty()) return;
  symbols.front().previous = kNone;
  symbols.back().next = kNone;

  // A candidate is current while its symbol still has that rank: a pair of neighbours never comes
  // back, because tokens only grow. A symbol that was swallowed has kNoMerge.
  const auto refresh = [&](std::size_t position) {
    Symbol& symbol = symbols[position];
    look_up_merge(symbol, symbol.next == kNone ? nullptr : &symbols[symbol.next]);
    if (symbol.rank == kNoMerge) return false;
    heap.push_back({symbol.rank, position});
    return true;
  };
  for (std::size_t i = 0; i + 1 < symbols.size(); ++i) refresh(i);
  std::make_heap(heap.begin(), heap.end(), worse);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), worse);
    const Candidate best = heap.back();
    heap.pop_back();
    Symbol& left = symbols[best.position];
    if (left.rank != best.rank) continue;
    Symbol& right = symbols[left.next];
    left.id = left.merged;
    left.next = right.next;
    right.rank = kNoMerge;
    if (left.next != kNone) symbols[left.next].previous = best.position;
    if (refresh(best.position)) std::push_heap(heap.begin(), heap.end(), worse);
    if (left.previous != kNone && refresh(left.previous)) {
      std::push_heap(heap.begin(), heap.end(), worse);
    }
  }
  for (std::size_t i = 0; i != kNone; i = symbols[i].next) out.push_back(symbols[i].id);
}

}  // namespace assay
