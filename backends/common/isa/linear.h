// linear and dequantize. Lane i of an accumulator sums the elements k with k mod 16 == i, one fma
// each in ascending order within a chunk of 512; chunks are added to a total that starts at +0; the
// total is folded once (core/numerics/dot.h). One row times one column is therefore the same chain
// of operations in every path below.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/common/isa/unpack_k.h"
#include "backends/common/kernel_table.h"
#include "core/numerics/dot.h"
#include "core/quant/dequantize.h"

namespace assay::host {

inline constexpr std::int64_t kChunk = numerics::kChunkElements;

/// Calls use(offset, values) for each 16 of the n elements at `bytes`, and for a float type's rest
/// use_rest(offset, values, count). n <= kChunk.
template <class S, class Block, class Use, class UseRest>
ASSAY_INLINE void for_each_vector(const std::byte* bytes, std::int64_t n, Use&& use,
                                  UseRest&& use_rest) {
  using Row = Unpack<S, Block>;
  std::int64_t k = 0;
  for (; k + Row::kElements <= n; k += Row::kElements, bytes += Row::kBytes) {
    const Row block(bytes);
    unroll<Row::kElements / 16>([&](auto j) ASSAY_INLINE_LAMBDA {
      constexpr int kIndex = decltype(j)::value;
      use(k + 16 * kIndex, block.template get<kIndex>());
    });
  }
  if constexpr (Row::kElements == 16) {
    const auto rest = static_cast<int>(n - k);
    if (rest > 0) use_rest(k, Row::first(bytes, rest), rest);
  }
}

template <class Block>
constexpr std::int64_t bytes_of_elements(std::int64_t n) {
  return n / Block::kElements * static_cast<std::int64_t>(sizeof(Block));
}

/// n elements, any number of chunks.
template <class S, class Block>
void dequantize_blocks(const std::byte* bytes, float* out, std::int64_t n) {
  for_each_vector<S, Block>(
      bytes, n,
      [&](std::int64_t k, typename S::F values) ASSAY_INLINE_LAMBDA { S::store(out + k, values); },
      [&](std::int64_t k, typename S::F values, int count)
          ASSAY_INLINE_LAMBDA { S::store_n(out + k, values, count); });
}

template <class S>
void dequantize(TensorType type, const std::byte* bytes, float* out, std::int64_t n) {
  quant::visit_block(type, [&]<class Block>() { dequantize_blocks<S, Block>(bytes, out, n); });
}

/// How far ahead one column's weights are asked for: they stream through once, in short pieces that
/// the hardware does not recognise in time.
inline constexpr std::int64_t kPrefetchBytes = 4096;

/// One column, kRows rows at once: their chains are independent, which hides the latency of fma.
/// Weights go from their blocks straight into the sums.
template <class S, class Block, int kRows>
ASSAY_INLINE void dot_rows(const LinearTask& task, std::int64_t row, float* y) {
  using F = typename S::F;
  // Unrolled by hand: with an index known only at run time the sums would live in memory.
  const auto for_rows = [](auto&& body) ASSAY_INLINE_LAMBDA { unroll<kRows>(body); };
  F total[kRows];
  for_rows([&](auto r) ASSAY_INLINE_LAMBDA { total[decltype(r)::value] = S::zero(); });
  const std::byte* weights = task.weights + row * task.row_bytes;
  for (std::int64_t start = 0; start < task.k; start += kChunk) {
    const std::int64_t n = task.k - start < kChunk ? task.k - start : kChunk;
    const float* x = task.x + start;
    const std::byte* bytes = weights + bytes_of_elements<Block>(start);
    F chunk[kRows];
    for_rows([&](auto r) ASSAY_INLINE_LAMBDA { chunk[decltype(r)::value] = S::zero(); });
    using Row = Unpack<S, Block>;
    std::int64_t k = 0;
    for (; k + Row::kElements <= n; k += Row::kElements, bytes += Row::kBytes) {
      for_rows([&](auto r) ASSAY_INLINE_LAMBDA {
        constexpr int kRow = decltype(r)::value;
        const Row block(bytes + kRow * task.row_bytes);
        for (int line = 0; line < Row::kBytes; line += 64) {
          __builtin_prefetch(bytes + kRow * task.row_bytes + kPrefetchBytes + line);
        }
        unroll<Row::kElements / 16>([&](auto j) ASSAY_INLINE_LAMBDA {
          constexpr int kIndex = decltype(j)::value;
          chunk[kRow] =
              S::fma(block.template get<kIndex>(), S::load(x + k + 16 * kIndex), chunk[kRow]);
        });
      });
    }
    if constexpr (Row::kElements == 16) {
      const auto rest = static_cast<int>(n - k);
      if (rest > 0) {
        for_rows([&](auto r) ASSAY_INLINE_LAMBDA {
          constexpr int kRow = decltype(r)::value;
          chunk[kRow] = S::fma(Row::first(bytes + kRow * task.row_bytes, rest),
                               S::load_n(x + k, rest), chunk[kRow]);
        });
      }
    }
    for_rows([&](auto r) ASSAY_INLINE_LAMBDA {
      constexpr int kRow = decltype(r)::value;
      total[kRow] = S::add(total[kRow], chunk[kRow]);
    });
  }
  for_rows([&](auto r) ASSAY_INLINE_LAMBDA {
    constexpr int kRow = decltype(r)::value;
    const float sum = S::fold(total[kRow]);
    y[kRow] = task.bias == nullptr ? sum : sum + task.bias[row + kRow];
  });
}

template <class S, class Block>
void linear_one_column(const LinearTask& task) {
  constexpr int kRows = 2;
  std::int64_t row = task.row_begin;
  for (; row + kRows <= task.row_end; row += kRows) {
    dot_rows<S, Block, kRows>(task, row, task.y + row);
  }
  for (; row < task.row_end; ++row) dot_rows<S, Block, 1>(task, row, task.y + row);
}

/// kRows x kColumns lane sums of one chunk, added to `totals` ([row][column][16]).
/// w: fp32 tile, rows kChunk apart, zero beyond k up to the next multiple of 16.
template <class S, int kRows, int kColumns>
void add_chunk(const float* w, const float* x, std::int64_t ldx, std::int64_t k, float* totals,
               std::int64_t row_stride) {
  using F = typename S::F;
  F sum[kRows][kColumns];
  unroll<kRows>([&](auto r) ASSAY_INLINE_LAMBDA {
    unroll<kColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
      sum[decltype(r)::value][decltype(c)::value] = S::zero();
    });
  });
  std::int64_t i = 0;
  for (; i + 16 <= k; i += 16) {
    F a[kRows];
    for (int r = 0; r < kRows; ++r) {
      a[r] = S::load(w + r * kChunk + i);
      S::pin(a[r]);
    }
    for (int c = 0; c < kColumns; ++c) {
      F b = S::load(x + c * ldx + i);
      S::pin(b);
      for (int r = 0; r < kRows; ++r) sum[r][c] = S::fma(a[r], b, sum[r][c]);
    }
  }
  if (i < k) {
    unroll<kColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
      constexpr int kColumn = decltype(c)::value;
      const F b = S::load_n(x + kColumn * ldx + i, static_cast<int>(k - i));
      unroll<kRows>([&](auto r) ASSAY_INLINE_LAMBDA {
        constexpr int kRow = decltype(r)::value;
        sum[kRow][kColumn] = S::fma(S::load(w + kRow * kChunk + i), b, sum[kRow][kColumn]);
      });
    });
  }
  // Unrolled by hand: with an index known only at run time the sums would live in memory.
  unroll<kRows>([&](auto r) ASSAY_INLINE_LAMBDA {
    unroll<kColumns>([&](auto c) ASSAY_INLINE_LAMBDA {
      constexpr int kRow = decltype(r)::value;
      constexpr int kColumn = decltype(c)::value;
      float* total = totals + kRow * row_stride + kColumn * 16;
      S::store(total, S::add(S::load(total), sum[kRow][kColumn]));
    });
  });
}

/// add_chunk with `columns` (1 .. kColumns) known only at run time.
template <class S, int kRows, int kColumns>
ASSAY_INLINE void add_chunk_columns(int columns, const float* w, const float* x, std::int64_t ldx,
                                    std::int64_t k, float* totals, std::int64_t row_stride) {
  if constexpr (kColumns > 1) {
    if (columns < kColumns) {
      return add_chunk_columns<S, kRows, kColumns - 1>(columns, w, x, ldx, k, totals, row_stride);
    }
  }
  add_chunk<S, kRows, kColumns>(w, x, ldx, k, totals, row_stride);
}

/// A block of outputs: rows x columns, at most kLinearBlockRows x kLinearBlockColumns.
struct LinearBlock {
  std::int64_t row;
  std::int64_t column;
  int rows;
  int columns;
};

/// One chunk of one block: every tile of columns meets every group of rows while its part of x is
/// in L1.
template <class S>
void multiply_chunk(const LinearBlock& block, const float* w, const float* x, std::int64_t ldx,
                    std::int64_t k, float* totals) {
  constexpr std::int64_t kRowStride = kLinearBlockColumns * 16;
  // Even tiles: 8 columns are 4 + 4, not 6 + 2.
  const int n_tiles = (block.columns + S::kTileColumns - 1) / S::kTileColumns;
  for (int tile = 0; tile < n_tiles; ++tile) {
    const int c = block.columns * tile / n_tiles;
    const int columns = block.columns * (tile + 1) / n_tiles - c;
    const float* tile_x = x + c * ldx;
    float* tile_totals = totals + c * 16;
    int r = 0;
    for (; r + S::kTileRows <= block.rows; r += S::kTileRows) {
      add_chunk_columns<S, S::kTileRows, S::kTileColumns>(columns, w + r * kChunk, tile_x, ldx, k,
                                                          tile_totals + r * kRowStride, kRowStride);
    }
    for (; r < block.rows; ++r) {
      add_chunk_columns<S, 1, S::kTileColumns>(columns, w + r * kChunk, tile_x, ldx, k,
                                               tile_totals + r * kRowStride, kRowStride);
    }
  }
}

/// Folds the lane sums of one column, adds the bias, and writes rows [r, rows) one at a time or 16.
template <class S>
void write_outputs(const LinearTask& task, const LinearBlock& block, const float* totals) {
  constexpr std::int64_t kRowStride = kLinearBlockColumns * 16;
  for (int c = 0; c < block.columns; ++c) {
    float* y = task.y + (block.column + c) * task.ldy + block.row;
    const float* bias = task.bias == nullptr ? nullptr : task.bias + block.row;
    const float* sums = totals + c * 16;
    int r = 0;
    for (; r + 16 <= block.rows; r += 16) {
      const auto folded = S::fold_16(sums + r * kRowStride, kRowStride);
      S::store(y + r, bias == nullptr ? folded : S::add(folded, S::load(bias + r)));
    }
    for (; r < block.rows; ++r) {
      const float sum = S::fold(S::load(sums + r * kRowStride));
      y[r] = bias == nullptr ? sum : sum + bias[r];
    }
  }
}

template <class S, class Block>
void linear_block(const LinearTask& task, const LinearBlock& block) {
  float* tile = task.scratch;
  float* totals = task.scratch + kLinearBlockRows * kChunk;
  for (int r = 0; r < block.rows; ++r) {
    for (int c = 0; c < block.columns; ++c) {
      S::store(totals + (r * kLinearBlockColumns + c) * 16, S::zero());
    }
  }
  for (std::int64_t start = 0; start < task.k; start += kChunk) {
    const std::int64_t n = task.k - start < kChunk ? task.k - start : kChunk;
    // What comes next: the rows' next chunk, or the first one of the rows below.
    const std::int64_t next = start + kChunk < task.k
                                  ? bytes_of_elements<Block>(kChunk)
                                  : block.rows * task.row_bytes - bytes_of_elements<Block>(start);
    for (int r = 0; r < block.rows; ++r) {
      float* row = tile + r * kChunk;
      if (n % 16 != 0) S::store(row + n / 16 * 16, S::zero());
      const std::byte* bytes =
          task.weights + (block.row + r) * task.row_bytes + bytes_of_elements<Block>(start);
      for (std::int64_t line = 0; line < bytes_of_elements<Block>(kChunk); line += 64) {
        __builtin_prefetch(bytes + next + line);
      }
      dequantize_blocks<S, Block>(bytes, row, n);
    }
    multiply_chunk<S>(block, tile, task.x + block.column * task.k + start, task.k, n, totals);
  }
  write_outputs<S>(task, block, totals);
}

template <class S, class Block>
void linear_columns(const LinearTask& task) {
  // Few columns: a tile of weights that stays in L1. Many: unpack less often, from L2.
  const std::int64_t block_rows = task.m <= 16 ? 8 : kLinearBlockRows;
  const std::int64_t n_tiles = (task.m + S::kTileColumns - 1) / S::kTileColumns;
  constexpr std::int64_t kBlockTiles = kLinearBlockColumns / S::kTileColumns;
  const std::int64_t n_blocks = (n_tiles + kBlockTiles - 1) / kBlockTiles;
  for (std::int64_t row = task.row_begin; row < task.row_end; row += block_rows) {
    const std::int64_t rows = task.row_end - row < block_rows ? task.row_end - row : block_rows;
    for (std::int64_t b = 0; b < n_blocks; ++b) {
      // Of even size, in whole tiles.
      const std::int64_t column = n_tiles * b / n_blocks * S::kTileColumns;
      const std::int64_t last = n_tiles * (b + 1) / n_blocks * S::kTileColumns;
      const std::int64_t end = last < task.m ? last : task.m;
      linear_block<S, Block>(task,
                             {row, column, static_cast<int>(rows), static_cast<int>(end - column)});
    }
  }
}

template <class S>
void linear(const LinearTask& task) {
  quant::visit_block(task.type, [&]<class Block>() {
    if (task.m == 1) {
      linear_one_column<S, Block>(task);
    } else {
      linear_columns<S, Block>(task);
    }
  });
}

}  // namespace assay::host
