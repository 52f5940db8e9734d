#include "backends/cuda/fast/batch_gemm.h"

#include "backends/cuda/fast/batch_gemm.cuh"
#include "backends/cuda/fast/launch.cuh"

namespace assay::cuda::fast {
namespace {

/// Parts of K: so many that the tiles fill the multiprocessors, at most what a cluster takes.
int parts_of_k(int tiles, int steps, int multiprocessors) {
  constexpr int kMostBlocks = 8;
  int parts = 1;
  while (parts < kMostBlocks && parts * 2 <= steps &&
         tiles * parts * 2 <= multiprocessors + multiprocessors / 8) {
    parts *= 2;
  }
  return parts;
}

template <int kTokens, GemmKind kKind>
void launch(const GemmArgs& args, int multiprocessors, cudaStream_t stream) {
  int rows = 0;
  for (int i = 0; i < args.n_parts; ++i) rows += args.part[i].rows;
  const int tiles = (rows + kTileRows - 1) / kTileRows;
  const int parts = parts_of_k(tiles, args.k / kStepElements, multiprocessors);
  const dim3 grid(static_cast<unsigned>(parts), static_cast<unsigned>(tiles),
                  static_cast<unsigned>((args.m + kTokens - 1) / kTokens));
  launch_kernel(gemm_kernel<kTokens, kKind>, grid, kGemmThreads, GemmShape<kTokens>::kBytes, stream,
                parts, args);
}

template <GemmKind kKind>
void launch_for(const GemmArgs& args, int multiprocessors, cudaStream_t stream) {
  if (args.m <= 8) return launch<8, kKind>(args, multiprocessors, stream);
  if (args.m <= 16) return launch<16, kKind>(args, multiprocessors, stream);
  if (args.m <= 32) return launch<32, kKind>(args, multiprocessors, stream);
  if (args.m <= 64) return launch<64, kKind>(args, multiprocessors, stream);
  launch<128, kKind>(args, multiprocessors, stream);
}

}  // namespace

void batch_gemm(GemmKind kind, const GemmArgs& args, int multiprocessors, cudaStream_t stream) {
  switch (kind) {
    case GemmKind::store:
      return launch_for<GemmKind::store>(args, multiprocessors, stream);
    case GemmKind::residual:
      return launch_for<GemmKind::residual>(args, multiprocessors, stream);
    case GemmKind::swiglu:
      return launch_for<GemmKind::swiglu>(args, multiprocessors, stream);
  }
}

void batch_norm(const float* x, const float* gain, float eps, std::int32_t m, std::int32_t n,
                std::uint16_t* out, cudaStream_t stream) {
  launch_kernel(batch_norm_kernel, dim3(static_cast<unsigned>(m)), kNormThreads, 0, stream, 1, x,
                gain, eps, n, out);
}

}  // namespace assay::cuda::fast
