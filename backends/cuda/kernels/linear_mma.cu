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

/// What a thread knows of the two columns of a tile whose results it holds.
struct Columns {
  const std::uint8_t* row[2];
};

/// One chunk of one tile of rows and kTiles tiles of columns.
template <TensorType kType, int kTiles>
class Chunk {
 public:
  using F = Format<kType>;

  __device__ Chunk(const LinearArgs& args, std::int64_t n0, std::int64_t m0)
      : args_(args), layout_(args.w.cols, F::kElements) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const std::int64_t g = lane / 4;
    part_.c = lane % 4;
    for (int i = 0; i < 2; ++i) rows_[i] = min(n0 + g + 8 * i, args.w.rows - 1);
    for (int t = 0; t < kTiles; ++t) {
      const std::int64_t first = m0 + t * kTileColumns;
      operand_[t] = x_row(first + g);
      for (int i = 0; i < 2; ++i) columns_[t].row[i] = x_row(first + 2 * part_.c + i);
    }
  }

  /// acc[tile][row * 2 + column], from +0.
  __device__ void run(std::int64_t first, std::int64_t end, float (&acc)[kTiles][4]) {
    for (std::int64_t piece = first; piece < end; ++piece) {
      if constexpr (F::kElements == kPieceElements) {
        add_block(piece, acc);
      } else {
        add_piece(piece);
        if (piece % 8 == 7) close_block(piece / 8, acc);
      }
    }
  }

 private:
  using Words = Piece<F::kGroups, 2>;

  __device__ const std::uint8_t* x_row(std::int64_t m) const {
    return args_.quantised + min(m, args_.m - 1) * layout_.bytes();
  }
  __device__ void load_weights(std::int64_t piece, Words (&w)[2], int (&a)[4]) const {
    for (int i = 0; i < 2; ++i) {
      w[i] = F::load(args_.w, rows_[i], piece, part_);
      a[i] = less_offset<F::kOffset>(w[i].q[0]);
      a[i + 2] = less_offset<F::kOffset>(w[i].q[1]);
    }
  }
  __device__ void load_operand(int tile, std::int64_t piece, int (&b)[2]) const {
    part_.load(operand_[tile] + piece * kPieceElements, b);
  }
  __device__ float x_factor(int tile, int column, std::int64_t block) const {
    return __ldg(reinterpret_cast<const float*>(columns_[tile].row[column] + layout_.factors_at()) +
                 block);
  }
  /// Two sums of 16, in the halves of a word.
  __device__ int x_sums(int tile, int column, std::int64_t piece) const {
    return __ldg(reinterpret_cast<const int*>(columns_[tile].row[column] + layout_.sums_at()) +
                 piece);
  }
  __device__ static int low(int sums) { return static_cast<std::int16_t>(sums); }
  __device__ static int high(int sums) { return sums >> 16; }

  /// acc = fma(S, d_w d_x, acc), then fma(M, -(m_w d_x), acc).
  __device__ static float combine(int products, int minima, const Factors& w, float x, float acc) {
    acc = num::fma(static_cast<float>(products), w.scale * x, acc);
    if constexpr (F::kHasMinimum) {
      acc = num::fma(static_cast<float>(minima), -(w.minimum * x), acc);
    }
    return acc;
  }

  __device__ void add_block(std::int64_t block, float (&acc)[kTiles][4]) {
    Words w[2];
    int a[4];
    load_weights(block, w, a);
    const Factors factors[2] = {F::factors(args_.w, rows_[0], block),
                                F::factors(args_.w, rows_[1], block)};
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
      int b[2];
      int dot[4];
      load_operand(t, block, b);
      multiply_32(a, b, dot);
#pragma unroll
      for (int column = 0; column < 2; ++column) {
        const float x = x_factor(t, column, block);
        int minima = 0;
        if constexpr (F::kHasMinimum) {
          const int sums = x_sums(t, column, block);
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
  __device__ void add_piece(std::int64_t piece) {
    Words w[2];
    int a[4];
    load_weights(piece, w, a);
    if (piece % 8 == 0) {
      for (int t = 0; t < kTiles; ++t) {
        for (int i = 0; i < 4; ++i) products_[t][i] = 0, minima_[t][i] = 0;
      }
    }
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
      int b[2];
      int dot[2][4];
      load_operand(t, piece, b);
      if constexpr (F::kGroups == 1) {
        multiply_32(a, b, dot[0]);
      } else {
        multiply_16(a[0], a[1], b[0], dot[0]);
        multiply_16(a[2], a[3], b[1], dot[1]);
      }
#pragma unroll
      for (int column = 0; column < 2; ++column) {
        int sums = 0;
        if constexpr (F::kHasMinimum) sums = x_sums(t, column, piece);
#pragma unroll
        for (int row = 0; row < 2; ++row) {
          const int i = row * 2 + column;
          if constexpr (F::kGroups == 1) {
            products_[t][i] += w[row].scale[0] * dot[0][i];
            if constexpr (F::kHasMinimum) {
              minima_[t][i] += w[row].minimum[0] * (low(sums) + high(sums));
            }
          } else {
            products_[t][i] += w[row].scale[0] * dot[0][i] + w[row].scale[1] * dot[1][i];
            if constexpr (F::kHasMinimum) {
              minima_[t][i] += w[row].minimum[0] * low(sums) + w[row].minimum[1] * high(sums);
            }
          }
        }
      }
    }
  }
  __device__ void close_block(std::int64_t block, float (&acc)[kTiles][4]) {
    const Factors factors[2] = {F::factors(args_.w, rows_[0], block),
                                F::factors(args_.w, rows_[1], block)};
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        acc[t][i] = combine(products_[t][i], minima_[t][i], factors[i / 2],
                            x_factor(t, i % 2, block), acc[t][i]);
      }
    }
  }

  const LinearArgs& args_;
  quant::ActivationLayout layout_;
  QuarterPiece part_;
  std::int64_t rows_[2];
  const std::uint8_t* operand_[kTiles];
  Columns columns_[kTiles];
  int products_[kTiles][4] = {};
  int minima_[kTiles][4] = {};
};

template <TensorType kType, int kTiles>
__global__ void __launch_bounds__(kWarps * 32) mma_rows(LinearArgs args) {
  constexpr int kColumns = kTiles * kTileColumns;
  constexpr int kOutputs = kTileRows * kColumns;
  constexpr int kEach = (kOutputs + kWarps * 32 - 1) / (kWarps * 32);
  __shared__ float parts[kWarps][kOutputs];
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t n0 = std::int64_t{blockIdx.x} * kTileRows;
  const std::int64_t m0 = std::int64_t{blockIdx.y} * kColumns;
  const std::int64_t pieces = args.w.cols / kPieceElements;
  const std::int64_t chunks = (pieces + kPiecesOfChunk - 1) / kPiecesOfChunk;

  Chunk<kType, kTiles> chunk(args, n0, m0);
  float total[kEach] = {};
  for (std::int64_t round = 0; round < chunks; round += kWarps) {
    const std::int64_t mine = round + warp;
    if (mine < chunks) {
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
    const int n = static_cast<int>(min(chunks - round, std::int64_t{kWarps}));
#pragma unroll
    for (int e = 0; e < kEach; ++e) {
      const int output = static_cast<int>(threadIdx.x) + e * kWarps * 32;
      if (output >= kOutputs) continue;
      for (int w = 0; w < n; ++w) total[e] += parts[w][output];
    }
    __syncthreads();
  }
#pragma unroll
  for (int e = 0; e < kEach; ++e) {
    const int output = static_cast<int>(threadIdx.x) + e * kWarps * 32;
    const std::int64_t n = n0 + output % kTileRows;
    const std::int64_t m = m0 + output / kTileRows;
    if (output >= kOutputs || n >= args.w.rows || m >= args.m) continue;
    args.y[m * args.w.rows + n] = args.bias == nullptr ? total[e] : total[e] + args.bias[n];
  }
}

template <TensorType kType, int kTiles>
void launch(const LinearArgs& args, cudaStream_t stream) {
  const dim3 grid(
      static_cast<unsigned>((args.w.rows + kTileRows - 1) / kTileRows),
      static_cast<unsigned>((args.m + kTiles * kTileColumns - 1) / (kTiles * kTileColumns)));
  mma_rows<kType, kTiles><<<grid, kWarps * 32, 0, stream>>>(args);
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
