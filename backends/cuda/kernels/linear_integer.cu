// exact/1 for quantised weights (core/quant/exact_dot.h) by dp4a, for every type and few rows
// (linear_mma.cu takes many). A warp computes kRows rows of the weight times kColumns rows of
// activations: each step takes 1024 elements, a piece of 32 a lane; then the lanes add up each
// chunk's terms in block order.
#include "backends/cuda/kernels/formats.cuh"
#include "backends/cuda/kernels/launch.h"
#include "core/quant/exact_dot.h"

namespace assay::cuda {
namespace {

namespace num = ::assay::numerics;

constexpr int kWarps = 8;
constexpr int kStepPieces = 32;
constexpr int kChunksOfStep = kStepPieces * kPieceElements / num::kChunkElements;
static_assert(kChunksOfStep == 2);

/// One block's part in its chunk: acc = fma(product, scale, acc), and the same of the minimum.
template <bool kHasMinimum>
struct Term;
template <>
struct Term<false> {
  float product;
  float scale;
};
template <>
struct Term<true> {
  float product;
  float scale;
  float minima;
  float minimum;  ///< negated
};

template <bool kHasMinimum>
__device__ float add_term(const Term<kHasMinimum>& term, float acc) {
  acc = num::fma(term.product, term.scale, acc);
  if constexpr (kHasMinimum) acc = num::fma(term.minima, term.minimum, acc);
  return acc;
}

/// A lane's part in S and M of its block.
struct PieceSums {
  int products;
  int minima;
};

template <class F>
__device__ PieceSums piece_sums(const Piece<F::kGroups, 8>& w, const int (&x)[8], int sums_of_16) {
  const int low = static_cast<std::int16_t>(sums_of_16);
  const int high = sums_of_16 >> 16;
  int first = 0;
  int second = 0;
  for (int i = 0; i < 4; ++i) {
    first = __dp4a(w.q[i], x[i], first);
    second = __dp4a(w.q[i + 4], x[i + 4], second);
  }
  first -= F::kOffset * low;
  second -= F::kOffset * high;
  if constexpr (!F::kIntegerScales) return {first + second, low + high};
  if constexpr (F::kGroups == 1) {
    return {w.scale[0] * (first + second), F::kHasMinimum ? w.minimum[0] * (low + high) : 0};
  } else {
    return {w.scale[0] * first + w.scale[1] * second,
            F::kHasMinimum ? w.minimum[0] * low + w.minimum[1] * high : 0};
  }
}

/// Sums over the lanes that share a block of 256.
__device__ inline int sum_of_eight(int value) {
  for (int width = 4; width > 0; width /= 2) value += __shfl_xor_sync(0xffffffffU, value, width);
  return value;
}

template <TensorType kType, int kRows, int kColumns>
__global__ void __launch_bounds__(kWarps * 32) integer_rows(LinearArgs args) {
  using F = Format<kType>;
  using Terms = Term<F::kHasMinimum>;
  constexpr int kLanesOfBlock = F::kElements / kPieceElements;
  constexpr int kBlocksOfChunk = num::kChunkElements / F::kElements;
  // One more than the blocks: neighbouring chains lie in different banks.
  __shared__ Terms terms[kWarps][kRows * kColumns * kChunksOfStep][kBlocksOfChunk + 1];

  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t n0 = (std::int64_t{blockIdx.x} * kWarps + warp) * kRows;
  const std::int64_t m0 = std::int64_t{blockIdx.y} * kColumns;
  if (n0 >= args.w.rows) return;
  const quant::ActivationLayout layout(args.w.cols, F::kElements);
  const int columns = static_cast<int>(min(args.m - m0, std::int64_t{kColumns}));
  const std::int64_t pieces = args.w.cols / kPieceElements;
  const std::int64_t blocks = args.w.cols / F::kElements;

  // Lane (row, column, chunk of the step) runs a chain; its total is held by the lane of chunk 0.
  const int chain = lane % (kRows * kColumns * kChunksOfStep);
  float total = 0;
  for (std::int64_t step = 0; step < pieces; step += kStepPieces) {
    const std::int64_t piece = step + lane;
    const std::int64_t block = piece / kLanesOfBlock;
    const bool present = piece < pieces;
    Piece<F::kGroups, 8> w[kRows];
    Factors factors[kRows];
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t row = min(n0 + r, args.w.rows - 1);
      if (present) w[r] = F::load(args.w, row, piece, WholePiece());
      if (present) factors[r] = F::factors(args.w, row, block);
    }
#pragma unroll
    for (int m = 0; m < kColumns; ++m) {
      if (m >= columns) break;
      const std::uint8_t* x_row = args.quantised + (m0 + m) * layout.bytes();
      int x[8] = {};
      int sums = 0;
      float factor = 0;
      if (present) {
        WholePiece().load(x_row + piece * kPieceElements, x);
        sums = __ldg(reinterpret_cast<const int*>(x_row + layout.sums_at()) + piece);
        factor = __ldg(reinterpret_cast<const float*>(x_row + layout.factors_at()) + block);
      }
#pragma unroll
      for (int r = 0; r < kRows; ++r) {
        PieceSums s = present ? piece_sums<F>(w[r], x, sums) : PieceSums{0, 0};
        if constexpr (kLanesOfBlock == 8) {
          s.products = sum_of_eight(s.products);
          if constexpr (F::kHasMinimum) s.minima = sum_of_eight(s.minima);
        }
        if (!present || lane % kLanesOfBlock != 0) continue;
        Terms term;
        term.product = static_cast<float>(s.products);
        term.scale = factors[r].scale * factor;
        if constexpr (F::kHasMinimum) {
          term.minima = static_cast<float>(s.minima);
          term.minimum = -(factors[r].minimum * factor);
        }
        const int of_step = lane / kLanesOfBlock;
        terms[warp][(r * kColumns + m) * kChunksOfStep + of_step / kBlocksOfChunk]
             [of_step % kBlocksOfChunk] = term;
      }
    }
    __syncwarp();
    const std::int64_t first_block = step / kLanesOfBlock + chain % kChunksOfStep * kBlocksOfChunk;
    const int n = static_cast<int>(
        max(std::int64_t{0}, min(blocks - first_block, std::int64_t{kBlocksOfChunk})));
    const bool used = chain / kChunksOfStep % kColumns < columns;
    float acc = 0;
    if (used && n == kBlocksOfChunk) {
#pragma unroll
      for (int b = 0; b < kBlocksOfChunk; ++b) acc = add_term(terms[warp][chain][b], acc);
    } else if (used) {
      for (int b = 0; b < n; ++b) acc = add_term(terms[warp][chain][b], acc);
    }
    const float next = __shfl_down_sync(0xffffffffU, acc, 1);
    total += acc;
    total += next;  // an absent chunk adds +0 to a total that is never -0
    __syncwarp();
  }
  const std::int64_t n = n0 + chain / kChunksOfStep / kColumns;
  const std::int64_t m = m0 + chain / kChunksOfStep % kColumns;
  if (lane != chain || chain % kChunksOfStep != 0 || n >= args.w.rows || m >= args.m) return;
  args.y[m * args.w.rows + n] = args.bias == nullptr ? total : total + args.bias[n];
}

template <TensorType kType, int kRows, int kColumns>
void launch(const LinearArgs& args, cudaStream_t stream) {
  const dim3 grid(static_cast<unsigned>((args.w.rows + kWarps * kRows - 1) / (kWarps * kRows)),
                  static_cast<unsigned>((args.m + kColumns - 1) / kColumns));
  integer_rows<kType, kRows, kColumns><<<grid, kWarps * 32, 0, stream>>>(args);
}

}  // namespace

void linear_integer(const LinearArgs& args, cudaStream_t stream) {
  visit_type(args.w.type, [&]<TensorType kType>() {
    if constexpr (kType != TensorType::F32 && kType != TensorType::F16 &&
                  kType != TensorType::BF16) {
      if (args.m == 1) {
        launch<kType, 1, 1>(args, stream);
      } else if (args.m >= kFewestColumnsOfMma) {
        linear_mma(args, stream);
      } else {
        // Four where the terms of eight columns would not fit into shared memory.
        using F = Format<kType>;
        launch<kType, 2, F::kHasMinimum && F::kElements == 32 ? 4 : 8>(args, stream);
      }
    }
  });
}

}  // namespace assay::cuda
