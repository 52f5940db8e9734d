#include "backends/cuda/fast/tile_gemm.h"

#include <algorithm>

#include "backends/cuda/fast/launch.cuh"
#include "backends/cuda/fast/tile_gemm.cuh"

namespace assay::cuda::fast {
namespace {

/// Parts of K of a decode step, whose time is the weights': so many that all multiprocessors read.
/// Of a prompt's chunk: so few that their sums do not weigh, none where its rows fill the GPU.
int parts_of_k(int tiles, int steps, std::int32_t m, Phase phase, int multiprocessors) {
  constexpr int kMostBlocks = 8;
  constexpr int kFewestSteps = 4;
  constexpr int kFewestPromptSteps = 12;
  constexpr std::int32_t kManyRows = 1024;
  if (phase == Phase::prefill && m > kManyRows) return 1;
  const int most = phase == Phase::prefill ? kMostBlocks / 2 : kMostBlocks;
  const int fewest_steps = phase == Phase::prefill ? kFewestPromptSteps : kFewestSteps;
  int parts = 1;
  while (parts < most && parts * 2 * fewest_steps <= steps &&
         tiles * parts * 2 <= multiprocessors + multiprocessors / 8) {
    parts *= 2;
  }
  return parts;
}

int tiles_of(const GemmArgs& args) {
  int rows = 0;
  for (int i = 0; i < args.n_parts; ++i) rows += args.part[i].rows;
  return (rows + kBlockRows - 1) / kBlockRows;
}

template <int kTokens, int kGroups, GemmKind kKind>
void launch(const GemmArgs& args, int parts, cudaStream_t stream) {
  using Shape = TileShape<kTokens, kGroups>;
  TileArgs tile_args;
  tile_args.gemm = args;
  for (int i = 0; i < args.n_parts; ++i) {
    tile_args.w[i] = make_tensor_map(args.part[i].w, args.part[i].rows, args.k, kHalfRows);
  }
  tile_args.x = make_tensor_map(args.x, args.m, args.k, kTokens);
  const dim3 grid(static_cast<unsigned>(parts),
                  static_cast<unsigned>((args.m + Shape::kAllTokens - 1) / Shape::kAllTokens),
                  static_cast<unsigned>(tiles_of(args)));
  launch_kernel(tile_kernel<kTokens, kGroups, kKind>, grid, Shape::kThreads, Shape::kBytes, stream,
                parts, tile_args);
}

template <GemmKind kKind>
void launch_for(const GemmArgs& args, Phase phase, int multiprocessors, cudaStream_t stream) {
  const int tiles = tiles_of(args);
  const int parts = parts_of_k(tiles, args.k / kBoxColumns, args.m, phase, multiprocessors);
  if (args.m <= 8) return launch<8, 1, kKind>(args, parts, stream);
  if (args.m <= 16) return launch<16, 1, kKind>(args, parts, stream);
  if (args.m <= 32) return launch<32, 1, kKind>(args, parts, stream);
  if (args.m <= 64) return launch<64, 1, kKind>(args, parts, stream);
  // Clusters that fill the GPU do not all find their place at once, one block a multiprocessor.
  const bool crowded = parts > 4 && tiles * parts > multiprocessors * 7 / 8;
  if (args.m <= 128 || crowded) return launch<128, 1, kKind>(args, parts, stream);
  launch<128, 2, kKind>(args, parts, stream);
}

}  // namespace

bool tile_gemm_serves(const GemmArgs& args) {
  const auto fits = [](std::int32_t n) { return n > 0 && n % kHalfRows == 0; };
  return fits(args.k) && std::all_of(args.part, args.part + args.n_parts,
                                     [&](const GemmPart& part) { return fits(part.rows); });
}

void tile_gemm(GemmKind kind, const GemmArgs& args, Phase phase, int multiprocessors,
               cudaStream_t stream) {
  switch (kind) {
    case GemmKind::store:
      return launch_for<GemmKind::store>(args, phase, multiprocessors, stream);
    case GemmKind::residual:
      return launch_for<GemmKind::residual>(args, phase, multiprocessors, stream);
    case GemmKind::swiglu:
      return launch_for<GemmKind::swiglu>(args, phase, multiprocessors, stream);
  }
}

}  // namespace assay::cuda::fast
