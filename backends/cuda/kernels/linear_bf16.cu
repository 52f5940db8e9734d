// `fast` for BF16 weights: mma.m16n8k16 on bf16 activations. A warp takes 32 rows of the weight and
// one chunk of 512 elements; the chunks' sums are added in ascending order. Nothing in a column's
// arithmetic depends on the other columns, nor on how many there are.
#include "backends/cuda/kernels/launch.h"
#include "core/numerics/dot.h"
#include "core/numerics/half.h"

namespace assay::cuda {
namespace {

namespace num = ::assay::numerics;

constexpr int kWarps = 8;
constexpr int kTileRows = 32;
constexpr int kTileColumns = 8;

/// d += a b: 16 rows, 8 columns, 16 elements.
__device__ inline void multiply_add(const int (&a)[4], int b0, int b1, float (&d)[4]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
      "{%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// Word s of a vector of 16 bytes.
__device__ inline int word(const int4& vector, int s) {
  return s == 0 ? vector.x : s == 1 ? vector.y : s == 2 ? vector.z : vector.w;
}

/// What a warp multiplies: thread (g, c), g = lane / 4, reads vectors c and c + 4 of the rows g,
/// g + 8, g + 16, g + 24 of the weight and of column g of each tile of columns.
template <int kTiles>
struct Operands {
  const std::uint16_t* w[4];
  const std::uint16_t* x[kTiles];
  int c;

  __device__ Operands(const LinearArgs& args, std::int64_t n0, std::int64_t m0) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    c = lane % 4;
    const auto* weights = reinterpret_cast<const std::uint16_t*>(args.w.plane[0]);
    const auto* columns = reinterpret_cast<const std::uint16_t*>(args.quantised);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      w[i] = weights + min(n0 + lane / 4 + 8 * i, args.w.rows - 1) * args.w.cols;
    }
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
      x[t] = columns + min(m0 + t * kTileColumns + lane / 4, args.m - 1) * args.w.cols;
    }
  }

  /// acc[half of the rows][tile] over elements [first, end).
  __device__ void multiply(int first, int end, float (&acc)[2][kTiles][4]) const {
#pragma unroll 2
    for (int k = first; k < end; k += kPermutedElements) {
      int4 a[4][2];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const auto* vectors = reinterpret_cast<const int4*>(w[i] + k);
        a[i][0] = __ldg(vectors + c);
        a[i][1] = __ldg(vectors + c + 4);
      }
#pragma unroll
      for (int t = 0; t < kTiles; ++t) {
        const auto* vectors = reinterpret_cast<const int4*>(x[t] + k);
        const int4 b[2] = {__ldg(vectors + c), __ldg(vectors + c + 4)};
#pragma unroll
        for (int s = 0; s < 4; ++s) {
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            const int fragment[4] = {word(a[2 * half][0], s), word(a[2 * half + 1][0], s),
                                     word(a[2 * half][1], s), word(a[2 * half + 1][1], s)};
            multiply_add(fragment, word(b[0], s), word(b[1], s), acc[half][t]);
          }
        }
      }
    }
  }
};

/// `slots` chunks at once of each of `tiles` tiles of rows.
struct Sharing {
  int slots;
  int tiles;
};

template <int kTiles>
__global__ void __launch_bounds__(kWarps * 32) bf16_rows(LinearArgs args, Sharing sharing) {
  constexpr int kColumns = kTiles * kTileColumns;
  constexpr int kOutputs = kTileRows * kColumns;  // of a tile of rows
  extern __shared__ float memory[];
  float* parts = memory;                       // [warp][column][row]
  float* totals = memory + kWarps * kOutputs;  // [tile][column][row]
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int tile = warp / sharing.slots;
  const int slot = warp % sharing.slots;
  const std::int64_t n0 = std::int64_t{blockIdx.x} * kTileRows * sharing.tiles;
  const std::int64_t m0 = std::int64_t{blockIdx.y} * kColumns;
  const int cols = static_cast<int>(args.w.cols);
  const int chunks = (cols + num::kChunkElements - 1) / num::kChunkElements;
  const int outputs = sharing.tiles * kOutputs;

  const Operands<kTiles> operands(args, n0 + std::int64_t{tile} * kTileRows, m0);
  for (int o = static_cast<int>(threadIdx.x); o < outputs; o += kWarps * 32) totals[o] = 0;
  for (int round = 0; round < chunks; round += sharing.slots) {
    const int mine = round + slot;
    if (mine < chunks && tile < sharing.tiles) {
      float acc[2][kTiles][4] = {};
      operands.multiply(mine * num::kChunkElements, min((mine + 1) * num::kChunkElements, cols),
                        acc);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
#pragma unroll
        for (int t = 0; t < kTiles; ++t) {
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            const int row = half * 16 + lane / 4 + i / 2 * 8;
            const int column = t * kTileColumns + lane % 4 * 2 + i % 2;
            parts[warp * kOutputs + column * kTileRows + row] = acc[half][t][i];
          }
        }
      }
    }
    __syncthreads();
    const int n = min(chunks - round, sharing.slots);
    for (int o = static_cast<int>(threadIdx.x); o < outputs; o += kWarps * 32) {
      float total = totals[o];
      const int first = o / kOutputs * sharing.slots;
      for (int i = 0; i < n; ++i) total += parts[(first + i) * kOutputs + o % kOutputs];
      totals[o] = total;
    }
    __syncthreads();
  }
  for (int o = static_cast<int>(threadIdx.x); o < outputs; o += kWarps * 32) {
    const int within = o % kOutputs;
    const std::int64_t n = n0 + o / kOutputs * kTileRows + within % kTileRows;
    const std::int64_t m = m0 + within / kTileRows;
    if (n >= args.w.rows || m >= args.m) continue;
    args.y[m * args.w.rows + n] = args.bias == nullptr ? totals[o] : totals[o] + args.bias[n];
  }
}

template <int kTiles>
void launch(const LinearArgs& args, cudaStream_t stream) {
  constexpr std::int64_t kColumns = kTiles * kTileColumns;
  constexpr std::int64_t kOutputs = kTileRows * kColumns;
  const std::int64_t chunks = (args.w.cols + num::kChunkElements - 1) / num::kChunkElements;
  Sharing sharing;
  sharing.slots = chunks < kWarps ? static_cast<int>(chunks) : kWarps;
  sharing.tiles = kWarps / sharing.slots < 2 ? 1 : 2;
  const auto shared = static_cast<int>((kWarps + sharing.tiles) * kOutputs * sizeof(float));
  cudaFuncSetAttribute(bf16_rows<kTiles>, cudaFuncAttributeMaxDynamicSharedMemorySize, shared);
  const std::int64_t rows = std::int64_t{kTileRows} * sharing.tiles;
  const dim3 grid(static_cast<unsigned>((args.w.rows + rows - 1) / rows),
                  static_cast<unsigned>((args.m + kColumns - 1) / kColumns));
  bf16_rows<kTiles><<<grid, kWarps * 32, static_cast<std::size_t>(shared), stream>>>(args, sharing);
}

__global__ void round_pairs(const float* x, std::int64_t rows, std::int64_t cols,
                            std::uint16_t* out) {
  const std::int64_t i = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * 2;
  if (i >= rows * cols) return;
  const std::int64_t k = i % cols;
  const auto first = static_cast<std::uint32_t>(num::float_to_bfloat16(x[i]));
  const auto second = static_cast<std::uint32_t>(num::float_to_bfloat16(x[i + 1]));
  *reinterpret_cast<std::uint32_t*>(out + i - k + permuted_index(k)) = first | second << 16;
}

}  // namespace

void linear_bf16(const LinearArgs& args, cudaStream_t stream) {
  if (args.m <= kTileColumns) {
    launch<1>(args, stream);
  } else if (args.m <= 4 * kTileColumns) {
    launch<4>(args, stream);
  } else {
    launch<8>(args, stream);
  }
}

void round_rows(const float* x, std::int64_t rows, std::int64_t cols, std::uint16_t* out,
                cudaStream_t stream) {
  constexpr int kThreads = 256;
  const std::int64_t pairs = rows * cols / 2;
  round_pairs<<<static_cast<unsigned>((pairs + kThreads - 1) / kThreads), kThreads, 0, stream>>>(
      x, rows, cols, out);
}

}  // namespace assay::cuda
