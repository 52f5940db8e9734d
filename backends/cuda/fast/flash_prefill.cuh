// Four warps, thirty-two queries each, go through the pages of one sequence; the next page is on
// its way while one is computed. Keys lie in the cache as ldmatrix wants them; pieces of values and
// queries are exchanged by row, so that eight rows meet no bank conflict.
#pragma once

#include "backends/cuda/fast/flash.cuh"

namespace assay::cuda::fast {

constexpr int kFlashThreads = 128;
constexpr int kWarpQueries = 32;
constexpr int kWarpTiles = kWarpQueries / 16;
static_assert(kFlashThreads / 32 * kWarpQueries == kFlashQueries);

template <int kDim>
struct FlashShape {
  static constexpr int kPieces = kDim / 8;
  static constexpr int kHalfPage = kPagePositions * kDim * 2;  ///< bytes of its keys, or values
  static constexpr int kQueryBytes = kFlashQueries * kDim * 2;
  static constexpr int kBytes = kQueryBytes + 4 * kHalfPage;
};

/// What a block works on: a tile of rows, the heads that share a key head.
struct FlashWork {
  AttentionTile tile;
  int kv_head;
  int first_head;  ///< of the group
  int heads;       ///< of this block
  int queries;     ///< query i is row i / heads, head i % heads
};

template <int kDim>
__device__ void load_queries(const FlashArgs& a, const FlashWork& w, std::uint8_t* to) {
  constexpr int kPieces = FlashShape<kDim>::kPieces;
  for (int i = static_cast<int>(threadIdx.x); i < kFlashQueries * kPieces; i += kFlashThreads) {
    const int query = i / kPieces;
    const bool present = query < w.queries;
    const int row = present ? w.tile.first_row + query / w.heads : w.tile.first_row;
    const int head = w.first_head + query % w.heads;
    const std::int64_t at =
        (static_cast<std::int64_t>(row) * a.n_heads + (present ? head : w.first_head)) * kDim;
    copy16_or_zero(to + flash_piece<kDim>(query, i % kPieces), a.q + at + i % kPieces * 8, present);
  }
}

/// Values beyond the tile's last position become 0: who does not see them multiplies them by 0.
template <int kDim>
__device__ void load_page(const FlashArgs& a, const FlashWork& w, int page, std::int32_t id,
                          std::uint8_t* to) {
  using Shape = FlashShape<kDim>;
  const std::uint16_t* keys = keys_at(a.kv, id, w.kv_head);
  const std::uint16_t* values = keys + kPagePositions * kDim;
  const int n = w.tile.first_position + w.tile.n_rows - page * kPagePositions;
  constexpr int kAll = kPagePositions * Shape::kPieces;
  for (int i = static_cast<int>(threadIdx.x); i < kAll; i += kFlashThreads) {
    copy16(to + i * 16, keys + i * 8);
    const int position = i / Shape::kPieces;
    copy16_or_zero(to + Shape::kHalfPage + flash_piece<kDim>(position, i % Shape::kPieces),
                   values + i * 8, position < n);
  }
}

/// A warp's queries, in tiles of sixteen, so that what it reads of a page serves all; a thread has
/// two rows of each, lane / 4 and the eighth behind it.
template <int kDim>
struct FlashWarp {
  float o[kWarpTiles][kDim / 8][4] = {};
  float max[kWarpTiles][2];
  float sum[kWarpTiles][2] = {};
  int last[kWarpTiles][2];  ///< the last position that each row's query sees

  /// Of a page's keys, in s[tile][eight positions].
  __device__ __forceinline__ void scores(const std::uint8_t* q, int first_query,
                                         const std::uint8_t* keys,
                                         float (&s)[kWarpTiles][8][4]) const {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int query = first_query + lane % 16;
    const int position = lane / 16 * 8 + lane % 8;
#pragma unroll
    for (int d = 0; d < kDim / 16; ++d) {
      std::uint32_t a[kWarpTiles][4];
#pragma unroll
      for (int tile = 0; tile < kWarpTiles; ++tile) {
        load_matrices(a[tile], q + flash_piece<kDim>(query + tile * 16, 2 * d + lane / 16));
      }
      const std::uint8_t* of_d = keys + (2 * d + lane / 8 % 2) * kPagePositions * 16;
#pragma unroll
      for (int n = 0; n < 8; n += 2) {
        std::uint32_t b[4];
        load_matrices(b, of_d + (n * 8 + position) * 16);
#pragma unroll
        for (int tile = 0; tile < kWarpTiles; ++tile) {
          mma_fp16(s[tile][n], a[tile], b[0], b[1]);
          mma_fp16(s[tile][n + 1], a[tile], b[2], b[3]);
        }
      }
    }
  }
  __device__ __forceinline__ void mask(int first_position, int tile, float (&s)[8][4]) const {
    const int column = first_position + static_cast<int>(threadIdx.x) % 4 * 2;
#pragma unroll
    for (int n = 0; n < 8; ++n) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (column + n * 8 + i % 2 > last[tile][i / 2]) s[n][i] = -INFINITY;
      }
    }
  }
  /// s becomes 2^(s - max); what was before is rescaled.
  __device__ __forceinline__ void softmax(int tile, float (&s)[8][4]) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float top = fmaxf(s[0][2 * r], s[0][2 * r + 1]);
#pragma unroll
      for (int n = 1; n < 8; ++n) top = fmaxf(top, fmaxf(s[n][2 * r], s[n][2 * r + 1]));
      top = fmaxf(max[tile][r], quad_max(top));
      const float keep = power_of_two(max[tile][r] - top);
      max[tile][r] = top;
      float total = 0;
#pragma unroll
      for (int n = 0; n < 8; ++n) {
        s[n][2 * r] = power_of_two(s[n][2 * r] - top);
        s[n][2 * r + 1] = power_of_two(s[n][2 * r + 1] - top);
        total += s[n][2 * r] + s[n][2 * r + 1];
      }
      sum[tile][r] = __fmaf_rn(sum[tile][r], keep, total);
#pragma unroll
      for (int d = 0; d < kDim / 8; ++d) {
        o[tile][d][2 * r] *= keep;
        o[tile][d][2 * r + 1] *= keep;
      }
    }
  }
  __device__ __forceinline__ void add_values(const std::uint8_t* values,
                                             const float (&s)[kWarpTiles][8][4]) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
    for (int k = 0; k < kPagePositions / 16; ++k) {
      std::uint32_t p[kWarpTiles][4];
#pragma unroll
      for (int tile = 0; tile < kWarpTiles; ++tile) {
        const float(&low)[4] = s[tile][2 * k];
        const float(&high)[4] = s[tile][2 * k + 1];
        p[tile][0] = pack_halves(low[0], low[1]);
        p[tile][1] = pack_halves(low[2], low[3]);
        p[tile][2] = pack_halves(high[0], high[1]);
        p[tile][3] = pack_halves(high[2], high[3]);
      }
      const int position = k * 16 + lane % 16;
#pragma unroll
      for (int d = 0; d < kDim / 8; d += 2) {
        std::uint32_t b[4];
        load_matrices_transposed(b, values + flash_piece<kDim>(position, d + lane / 16));
#pragma unroll
        for (int tile = 0; tile < kWarpTiles; ++tile) {
          mma_fp16(o[tile][d], p[tile], b[0], b[1]);
          mma_fp16(o[tile][d + 1], p[tile], b[2], b[3]);
        }
      }
    }
  }
  /// Row r's outputs; in bf16 the four pairs of elements 16 apart lie side by side.
  __device__ __forceinline__ void store(const FlashArgs& a, std::int64_t at, int tile, int r) {
    const int t = static_cast<int>(threadIdx.x) % 4;
    const float factor = 1.0F / quad_sum(sum[tile][r]);
    if (at < 0) return;
    if (a.out != nullptr) {
#pragma unroll
      for (int d = 0; d < kDim / 8; ++d) {  // 4 bytes: any alignment
        a.out[at + d * 8 + t * 2] = o[tile][d][2 * r] * factor;
        a.out[at + d * 8 + t * 2 + 1] = o[tile][d][2 * r + 1] * factor;
      }
    }
    if (a.out_bf16 == nullptr) return;
#pragma unroll
    for (int block = 0; block < kDim / 64; ++block) {
#pragma unroll
      for (int odd = 0; odd < 2; ++odd) {
        std::uint32_t words[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float* pair = &o[tile][block * 8 + 2 * i + odd][2 * r];
          words[i] = pack_bf16(pair[0] * factor, pair[1] * factor);
        }
        *reinterpret_cast<uint4*>(a.out_bf16 + at + block * 64 + (odd * 4 + t) * 8) =
            make_uint4(words[0], words[1], words[2], words[3]);
      }
    }
  }
};

/// Grid: key heads and parts of a group, tiles from the last on, which take longest.
template <int kDim>
__global__ void __launch_bounds__(kFlashThreads, 2)
    flash_prefill_kernel(const __grid_constant__ FlashArgs a, const AttentionTile* tiles,
                         int n_tiles, int heads_of_block) {
  ASSAY_DYNAMIC_SHARED(shared);
  using Shape = FlashShape<kDim>;
  const int group = a.n_heads / a.kv.n_kv_heads;
  const int parts = (group + heads_of_block - 1) / heads_of_block;
  let_next_kernel_start();
  wait_for_previous_kernel();
  FlashWork w;
  w.tile = tiles[n_tiles - 1 - static_cast<int>(blockIdx.y)];
  w.kv_head = static_cast<int>(blockIdx.x) / parts;
  const int of_group = static_cast<int>(blockIdx.x) % parts * heads_of_block;
  w.first_head = w.kv_head * group + of_group;
  w.heads = min(heads_of_block, group - of_group);
  w.queries = w.tile.n_rows * w.heads;
  std::uint8_t* pages = shared + Shape::kQueryBytes;
  load_queries<kDim>(a, w, shared);
  const std::int32_t* ids = a.pages + w.tile.first_page;
  const int n_pages = (w.tile.first_position + w.tile.n_rows - 1) / kPagePositions + 1;
  load_page<kDim>(a, w, 0, ids[0], pages);
  copy_commit();
  std::int32_t next_id = ids[min(1, n_pages - 1)];  // asked for a page ahead

  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int first_query = warp * kWarpQueries;
  FlashWarp<kDim> own;
#pragma unroll
  for (int i = 0; i < 2 * kWarpTiles; ++i) {
    const int query = min(first_query + lane / 4 + 8 * i, w.queries - 1);
    own.last[i / 2][i % 2] = w.tile.first_position + query / w.heads;
    own.max[i / 2][i % 2] = -INFINITY;
  }
  for (int page = 0; page < n_pages; ++page) {
    const std::uint8_t* at = pages + page % 2 * 2 * Shape::kHalfPage;
    if (page + 1 < n_pages) {
      load_page<kDim>(a, w, page + 1, next_id, pages + (page + 1) % 2 * 2 * Shape::kHalfPage);
    }
    copy_commit();
    next_id = ids[min(page + 2, n_pages - 1)];
    copy_wait<1>();
    __syncthreads();
    float s[kWarpTiles][8][4] = {};
    own.scores(shared, first_query, at, s);
    const bool masked = (page + 1) * kPagePositions > w.tile.first_position + 1;
#pragma unroll
    for (int tile = 0; tile < kWarpTiles; ++tile) {
      if (masked) own.mask(page * kPagePositions, tile, s[tile]);
      own.softmax(tile, s[tile]);
    }
    own.add_values(at + Shape::kHalfPage, s);
    __syncthreads();  // the page is read: the next but one takes its place
  }
#pragma unroll
  for (int i = 0; i < 2 * kWarpTiles; ++i) {
    const int query = first_query + lane / 4 + 8 * i;
    const std::int64_t row = w.tile.first_row + query / w.heads;
    const std::int64_t at = (row * a.n_heads + w.first_head + query % w.heads) * kDim;
    own.store(a, query < w.queries ? at : -1, i / 2, i % 2);
  }
}

}  // namespace assay::cuda::fast
