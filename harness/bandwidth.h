// The roof of decode: how fast this machine reads the model's own weights.
#pragma once

#include <span>

namespace assay {

/// Median GB/s (1e9 bytes) of `passes` flat reads of the bytes by `threads` threads, after one
/// warm-up pass that brings in the file's pages. Reading the very weights makes the figure fair: a
/// model that fits in a cache is compared with that cache.
double read_bandwidth_gb_per_s(std::span<const std::span<const std::byte>> pieces, int threads,
                               int passes = 5);

/// The same in a child process of its own, so that pages of the file that this process has given
/// back do not count in its peak memory; 0 when there can be no child.
double read_bandwidth_in_child(std::span<const std::span<const std::byte>> pieces, int threads);

}  // namespace assay
