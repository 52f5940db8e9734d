// Perfect matchings in bipartite graphs.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace assay::evals {

/// For each of n right nodes the left node it is matched with; empty if no matching covers all.
/// `edge(left, right)` is a pure function. Augmenting paths, breadth first: O(n^3) calls at most.
std::vector<std::size_t> perfect_matching(
    std::size_t n, const std::function<bool(std::size_t, std::size_t)>& edge);

}  // namespace assay::evals
