#include "backends/cuda/fast/flash.h"

#include <algorithm>

#include "backends/cuda/fast/flash_prefill.cuh"
#include "backends/cuda/fast/launch.cuh"

namespace assay::cuda::fast {
namespace {

__global__ void scale_kernel(const float* q, std::int64_t n, float scale, std::uint16_t* out) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n) out[i] = __half_as_ushort(__float2half_rn(q[i] * scale));
}

template <int kDim>
void launch_prefill(const FlashArgs& args, const AttentionTile* tiles, std::int32_t n_tiles,
                    bool beside, cudaStream_t stream) {
  const int group = args.n_heads / args.kv.n_kv_heads;
  const int heads = std::min(group, kFlashQueries);
  const int parts = (group + heads - 1) / heads;
  const dim3 grid(static_cast<unsigned>(args.kv.n_kv_heads * parts),
                  static_cast<unsigned>(n_tiles));
  launch_with(beside, flash_prefill_kernel<kDim>, grid, kFlashThreads, FlashShape<kDim>::kBytes,
              stream, 1, args, tiles, n_tiles, heads);
}

}  // namespace

void scale_queries(const float* q, std::int64_t n, float scale, std::uint16_t* out,
                   cudaStream_t stream) {
  constexpr int kThreads = 256;
  launch_with(false, scale_kernel, dim3(static_cast<unsigned>((n + kThreads - 1) / kThreads)),
              kThreads, 0, stream, 1, q, n, scale, out);
}

void flash_prefill(const FlashArgs& args, const AttentionTile* tiles, std::int32_t n_tiles,
                   bool beside, cudaStream_t stream) {
  if (args.kv.head_dim == 64) return launch_prefill<64>(args, tiles, n_tiles, beside, stream);
  launch_prefill<128>(args, tiles, n_tiles, beside, stream);
}

}  // namespace assay::cuda::fast
