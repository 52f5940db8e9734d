// Attention of decode rows under `fast`, and what prompts have done before theirs; from sm_90 on.
#include "backends/cuda/fast/flash_decode.cuh"
#include "backends/cuda/fast/flash_heads.cuh"
#include "backends/cuda/fast/launch.cuh"

namespace assay::cuda::fast {
namespace {

constexpr int kHeadsWarps = 8;

/// A warp takes a head of a row.
template <int kDim>
__global__ void __launch_bounds__(kHeadsWarps * 32)
    heads_kernel(const __grid_constant__ HeadsArgs a) {
  const int row = static_cast<int>(blockIdx.x);
  let_next_kernel_start();
  const int position = a.positions[row];
  const std::int32_t page = a.pages[position / kPagePositions];
  const int n_kv = a.kv.n_kv_heads;
  const float scale = flash_scale(kDim);
  wait_for_previous_kernel();
  for (int head = static_cast<int>(threadIdx.x) / 32; head < a.n_heads + 2 * n_kv;
       head += kHeadsWarps) {
    const HeadPairs<kDim> pairs = turn_head<kDim>(a, row, head, position);
    std::uint16_t* query = a.q + (static_cast<std::int64_t>(row) * a.n_heads + head) * kDim;
    if (head < a.n_heads) {
      pairs.each([&](int d, float x) { query[d] = __half_as_ushort(__float2half_rn(x * scale)); });
    } else {
      const bool is_value = head >= a.n_heads + n_kv;
      append_head<kDim>(a.kv, page, position % kPagePositions, (head - a.n_heads) % n_kv, is_value,
                        pairs);
    }
  }
}

}  // namespace

void prepare_heads(const HeadsArgs& args, std::int32_t rows, cudaStream_t stream) {
  const auto kernel = args.kv.head_dim == 64 ? heads_kernel<64> : heads_kernel<128>;
  launch_kernel(kernel, dim3(static_cast<unsigned>(rows)), kHeadsWarps * 32, 0, stream, 1, args);
}

void flash_decode(const FlashDecodeArgs& args, std::int32_t rows, cudaStream_t stream) {
  const dim3 grid(static_cast<unsigned>(flash_most_parts(args.pages_stride)),
                  static_cast<unsigned>(args.heads.kv.n_kv_heads), static_cast<unsigned>(rows));
  const bool narrow = args.heads.kv.head_dim == 64;
  launch_kernel(narrow ? flash_decode_kernel<64> : flash_decode_kernel<128>, grid,
                kDecodeWarps * 32, narrow ? sizeof(DecodeMemory<64>) : sizeof(DecodeMemory<128>),
                stream, 1, args);
}

}  // namespace assay::cuda::fast
