// exact/1 for quantised weights in batches: the integer dot products on tensor cores
// (mma.m16n8k32.s8, or k16 where groups have 16 elements), the fp32 chains in registers. A block
// takes 16 rows of the weight; each of its warps takes a chunk of 512 elements; the chunks' sums
// are then added in ascending order. Integers are exact, so the bits are those of every other
// kernel.
#include "backends/cuda/kernels/formats.cuh"
#include "backends/cuda/kernels/launch.h"
#include "core/quant/exact_dot.h"

namespace assay::cuda {
namespace {

namespace num = ::assay::numerics;

constexpr int kWarps = 8;
constexpr int kTileRows = 16;
constexpr int kTileColumns = 8;
constexpr int kPiecesOfChunk = num::kChunkElements / kPieceElements;

/// Integers of 0..63 less an offset, in every byte: no byte borrows from its neighbour.
template <int kOffset>
__device__ inline int less_offset(int word) {
  if constexpr (kOffset == 0) return word;
  constexpr unsigned kTop = 0x80808080U;
  return static_cast<int>(((static_cast<unsigned>(word) | kTop) - 0x01010101U * kOffset) ^ kTop);
}

/// d = a b: 16 rows, 8 columns, 32 elements. Thread (g, c) of a warp, g = lane / 4, holds of a the
/// rows g and g + 8 at words c and c + 4, of b column g, of d columns 2c and 2c + 1 of both rows.
__device__ inline void multiply_32(const int (&a)[4], const int (&b)[2], int (&d)[4]) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%10,%10,%10,%10};"
      : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(0));
}
/// The same of 16 elements: word c alone.
__device__ inline void multiply_16(int a0, int a1, int b, int (&d)[4]) {
  asm("mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5}, {%6}, "
      "{%7,%7,%7,%7};"
      : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
      : "r"(a0), "r"(a1), "r"(b), "r"(0));
}

/// One chunk of one tile of rows and kTiles tiles of columns, as one warp computes it.
template <TensorType kType, int kTiles>
class Chunk {
 public:
  using F = Format<kType>;

  __device__ Chunk(const LinearArgs& args, std::int64_t n0, std::int64_t m0) {
    const quant::ActivationLayout layout(args.w.cols, F::kElements);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const std::int64_t g = lane / 4;
    part_.c = lane % 4;
    for (int i = 0; i < 2; ++i) {
      rows_[i] = row_planes<F>(args.w, min(n0 + g + 8 * i, args.w.rows - 1));
    }
    const auto x_row = [&](std::int64_t m) {
      return args.quantised + min(m, args.m - 1) * layout.bytes();
    };
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
      const std::int64_t first = m0 + t * kTileColumns;
      operand_[t] = x_row(first + g);
      for (int i = 0; i < 2; ++i) {
        const std::uint8_t* row = x_row(first + 2 * part_.c + i);
        sums_[t][i] = reinterpret_cast<const int*>(row + layout.sums_at());
        factors_[t][i] = reinterpret_cast<const float*>(row + layout.factors_at());
      }
    }
  }

  /// acc[tile][row * 2 + column], from +0.
  __device__ void run(int first, int end, float (&acc)[kTiles][4]) {
    if constexpr (F::kElements == kPieceElements) {
#pragma unroll 2
      for (int block = first; block < end; ++block) add_block(block, acc);
    } else {
      for (int block = first / 8; block < end / 8; ++block) {
        int products[kTiles][4] = {};
        int minima[kTiles][4] = {};
#pragma unroll 2
        for (int piece = block * 8; piece < block * 8 + 8; ++piece) {
          add_piece(piece, products, minima);
        }
        close_block(block, products, minima, acc);
      }
    }
  }

 private:
  using Words = Piece<F::kGroups, 2>;

  __device__ void load_weights(int piece, Words (&w)[2], int (&a)[4]) const {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      w[i] = F::load(rows_[i], 0, piece, part_);
      a[i] = less_offset<F::kOffset>(w[i].q[0]);
      a[i + 2] = less_offset<F::kOffset>(w[i].q[1]);
    }
  }
  __device__ static int low(int sums) {
    return static_cast<std::int16_t>(sums);
  }
  __device__ static int high(int sums) {
    return sums >> 16;
  }

  /// acc = fma(S, d_w d_x, acc), then fma(M, -(m_w d_x), acc).
  __device__ static float combine(int products, int minima, const Factors& w, float x, float acc) {
    acc = num::fma(static_cast<float>(products), w.scale * x, acc);
    if constexpr (F::kHasMinimum) {
      acc = num::fma(static_cast<float>(minima), -(w.minimum * x), acc);
    }
    return acc;
  }

  __device__ void add_block(int block, float (&acc)[kTiles][4]) const {
    Words w[2];
    int a[4];
    load_weights(block, w, a);
    const Factors factors[2] = {F::factors(rows_[0], 0, block), F::factors(rows_[1], 0, block)};
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
      int b[2];
      int dot[4];
      part_.load(operand_[t] + block * kPieceElements, b);
      multiply_32(a, b, dot);
#pragma unroll
      for (int column = 0; column < 2; ++column) {
        const float x = __ldg(factors_[t][column] + block);
        int minima = 0;
        if constexpr (F::kHasMinimum) {
          const int sums = __ldg(sums_[t][column] + block);
          minima = low(sums) + high(sums);
        }
#pragma unroll
        for (int row = 0; row < 2; ++row) {
          float& to = acc[t][row * 2 + column];
          to = combine(dot[row * 2 + column], minima, factors[row], x, to);
        }
      }
    }
  }

  /// Of a type of 256 elements: S and M grow piece by piece.
  __device__ void add_piece(int piece, int (&products)[kTiles][4], int (&minima)[kTiles][4]) const {
    Words w[2];
    int a[4];
    load_weights(piece, w, a);
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
      int b[2];
      int dot[2][4];
      part_.load(operand_[t] + piece * kPieceElements, b);
      if constexpr (F::kGroups == 1) {
        multiply_32(a, b, dot[0]);
      } else {
        multiply_16(a[0], a[1], b[0], dot[0]);
        multiply_16(a[2], a[3], b[1], dot[1]);
      }
#pragma unroll
      for (int column = 0; column < 2; ++column) {
        int sums = 0;
        if constexpr (F::kHasMinimum) sums = __ldg(sums_[t][column] + piece);
#pragma unroll
        for (int row = 0; row < 2; ++row) {
          const int i = row * 2 + column;
          if constexpr (F::kGroups == 1) {
            products[t][i] += w[row].scale[0] * dot[0][i];
            if constexpr (F::kHasMinimum) {
              minima[t][i] += w[row].minimum[0] * (low(sums) + high(sums));
            }
          } else {
            products[t][i] += w[row].scale[0] * dot[0][i] + w[row].scale[1] * dot[1][i];
            if constexpr (F::kHasMinimum) {
              minima[t][i] += w[row].minimum[0] * low(sums) + w[row].minimum[1] * high(sums);
            }
          }
        }
      }
    }
  }
  __device__ void close_block(int block, const int (&products)[kTiles][4],
                              const int (&minima)[kTiles][4], float (&acc)[kTiles][4]) const {
    const Factors factors[2] = {F::factors(rows_[0], 0, block), F::factors(rows_[1], 0, block)};
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
      const float x[2] = {__ldg(factors_[t][0] + block), __ldg(factors_[t][1] + block)};
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        acc[t][i] = combine(products[t][i], minima[t][i], factors[i / 2], x[i % 2], acc[t][i]);
      }
    }
  }

  QuarterPiece part_;
  WeightPlanes rows_[2];
  const std::uint8_t* operand_[kTiles];
  const int* sums_[kTiles][2];
  const float* factors_[kTiles][2];
};

/// How a block's warps share the work: `slots` chunks at once of each of `tiles` tiles of rows.
struct Sharing {
  int slots;
  int tiles;
};
Sharing share_warps(std::int64_t cols) {
  const std::int64_t chunks = (cols + num::kChunkElements - 1) / num::kChunkElements;
  const int slots = chunks < kWarps ? static_cast<int>(chunks) : kWarps;
  return {slots, kWarps / slots};
}

template <TensorType kType, int kTiles>
__global__ void __launch_bounds__(kWarps * 32) mma_rows(LinearArgs args, Sharing sharing) {
  constexpr int kColumns = kTiles * kTileColumns;
  constexpr int kOutputs = kTileRows * kColumns;  // of a tile of rows
  __shared__ float parts[kWarps][kOutputs];
  __shared__ float totals[kWarps][kOutputs];
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int tile = warp / sharing.slots;
  const int slot = warp % sharing.slots;
  const std::int64_t n0 = std::int64_t{blockIdx.x} * kTileRows * sharing.tiles;
  const std::int64_t m0 = std::int64_t{blockIdx.y} * kColumns;
  const int pieces = static_cast<int>(args.w.cols / kPieceElements);
  const int chunks = (pieces + kPiecesOfChunk - 1) / kPiecesOfChunk;
  const int outputs = sharing.tiles * kOutputs;

  Chunk<kType, kTiles> chunk(args, n0 + std::int64_t{tile} * kTileRows, m0);
  for (int o = static_cast<int>(threadIdx.x); o < outputs; o += kWarps * 32) {
    totals[o / kOutputs][o % kOutputs] = 0;
  }
  for (int round = 0; round < chunks; round += sharing.slots) {
    const int mine = round + slot;
    if (mine < chunks && tile < sharing.tiles) {
      float acc[kTiles][4] = {};
      chunk.run(mine * kPiecesOfChunk, min((mine + 1) * kPiecesOfChunk, pieces), acc);
#pragma unroll
      for (int t = 0; t < kTiles; ++t) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int row = lane / 4 + i / 2 * 8;
          const int column = t * kTileColumns + lane % 4 * 2 + i % 2;
          parts[warp][column * kTileRows + row] = acc[t][i];
        }
      }
    }
    __syncthreads();
    const int n = min(chunks - round, sharing.slots);
    for (int o = static_cast<int>(threadIdx.x); o < outputs; o += kWarps * 32) {
      float total = totals[o / kOutputs][o % kOutputs];
      for (int w = 0; w < n; ++w) total += parts[o / kOutputs * sharing.slots + w][o % kOutputs];
      totals[o / kOutputs][o % kOutputs] = total;
    }
    __syncthreads();
  }
  for (int o = static_cast<int>(threadIdx.x); o < outputs; o += kWarps * 32) {
    const int within = o % kOutputs;
    const std::int64_t n = n0 + o / kOutputs * kTileRows + within % kTileRows;
    const std::int64_t m = m0 + within / kTileRows;
    if (n >= args.w.rows || m >= args.m) continue;
    const float total = totals[o / kOutputs][within];
    args.y[m * args.w.rows + n] = args.bias == nullptr ? total : total + args.bias[n];
  }
}

template <TensorType kType, int kTiles>
void launch(const LinearArgs& args, cudaStream_t stream) {
  constexpr std::int64_t kColumns = kTiles * kTileColumns;
  const Sharing sharing = share_warps(args.w.cols);
  const std::int64_t rows = std::int64_t{kTileRows} * sharing.tiles;
  const dim3 grid(static_cast<unsigned>((args.w.rows + rows - 1) / rows),
                  static_cast<unsigned>((args.m + kColumns - 1) / kColumns));
  mma_rows<kType, kTiles><<<grid, kWarps * 32, 0, stream>>>(args, sharing);
}

}  // namespace

void linear_mma(const LinearArgs& args, cudaStream_t stream) {
  visit_type(args.w.type, [&]<TensorType kType>() {
    if constexpr (kType != TensorType::F32 && kType != TensorType::F16 &&
                  kType != TensorType::BF16) {
      if (args.m <= kTileColumns) {
        launch<kType, 1>(args, stream);
      } else {
        launch<kType, 4>(args, stream);
      }
    }
  });
}

}  // namespace assay::cuda
