#include "evals/common/matching.h"

namespace assay::evals {

std::vector<std::size_t> perfect_matching(
    std::size_t n, const std::function<bool(std::size_t, std::size_t)>& edge) {
  constexpr std::size_t free = static_cast<std::size_t>(-1);
  std::vector<std::size_t> partner(n, free);
  for (std::size_t start = 0; start < n; ++start) {
    // Breadth first: from left nodes over edges to right ones, on to their partners.
    std::vector<std::size_t> reached_from(n, free);
    std::vector<std::size_t> queue{start};
    std::size_t end = free;
    for (std::size_t head = 0; head < queue.size() && end == free; ++head) {
      for (std::size_t j = 0; j < n && end == free; ++j) {
        if (reached_from[j] != free || !edge(queue[head], j)) continue;
        reached_from[j] = queue[head];
        if (partner[j] == free) {
          end = j;
        } else {
          queue.push_back(partner[j]);
        }
      }
    }
    if (end == free) return {};
    while (end != free) {
      const std::size_t left = reached_from[end];
      std::size_t next = free;
      for (std::size_t j = 0; j < n; ++j) {
        if (partner[j] == left && j != end) next = j;
      }
      partner[end] = left;
      if (left == start) break;
      end = next;
    }
  }
  return partner;
}

}  // namespace assay::evals
