// A block takes some pages of a row for the queries that share a key head. The first two are asked
// for before the kernel waits for its predecessor; a warp takes sixteen positions of each. The
// heads are the rows of a product, eight of sixteen. The row's own key and value are put into
// shared memory and the cache by the block whose part they fall into. The block that arrives last
// merges the parts, in order.
#pragma once

#include "backends/cuda/fast/flash_heads.cuh"

namespace assay::cuda::fast {

constexpr int kDecodeWarps = 4;
constexpr int kDecodeStages = 2;
constexpr int kWarpPositions = 16;
static_assert(kDecodeWarps * kWarpPositions == kPagePositions);

struct DecodeState {
  float max = -INFINITY;
  float sum = 0;
};

/// Pieces of values are exchanged by row (flash_piece), rows of queries end in 16 bytes of nothing:
/// eight rows meet no bank conflict.
template <int kDim>
struct DecodePage {
  std::uint16_t k[kDim / 8][kPagePositions][8];
  std::uint8_t v[kPagePositions * kDim * 2];
};
template <int kDim>
struct DecodeMemory {
  union {
    DecodePage<kDim> pages[kDecodeStages];
    float o[kDecodeWarps][kMaxDecodeHeads][kDim];    ///< once all pages are read
    float shares[kMaxDecodeHeads][kFlashMostParts];  ///< of the parts, once all are there
  };
  std::uint16_t q[kMaxDecodeHeads][kDim + 8];
  std::uint16_t own[2][kDim];  ///< the row's key and value
  DecodeState state[kDecodeWarps][kMaxDecodeHeads];
  int is_last;
};

/// What a block works on.
struct DecodeWork {
  int row;
  int kv_head;
  int group;
  int position;
  int n_pages;
  int n_parts;
  int part;
  int first;  ///< of the part's pages
  int end;
  const std::int32_t* pages;

  __device__ explicit DecodeWork(const FlashDecodeArgs& a)
      : row(static_cast<int>(blockIdx.z)),
        kv_head(static_cast<int>(blockIdx.y)),
        group(a.heads.n_heads / a.heads.kv.n_kv_heads),
        position(a.heads.positions[row]),  // written before the first kernel of the step
        n_pages(position < 0 ? 0 : position / kPagePositions + 1),
        n_parts(flash_parts(n_pages)),
        part(static_cast<int>(blockIdx.x)),
        first(part * flash_part_pages(n_pages)),
        end(min(n_pages, first + flash_part_pages(n_pages))),
        pages(a.heads.pages + static_cast<std::int64_t>(row) * a.pages_stride) {}
  __device__ int positions_of(int page) const {
    return min(kPagePositions, position + 1 - page * kPagePositions);
  }
};

/// Asks for page `page` of the part, if it has one. Values that are not there become 0: so are
/// their weights.
template <int kDim>
__device__ __forceinline__ void ask_for_page(const FlashDecodeArgs& a, const DecodeWork& w,
                                             int page, DecodeMemory<kDim>& m) {
  constexpr int kPieces = kDim / 8;
  if (page < w.end) {
    DecodePage<kDim>& to = m.pages[(page - w.first) % kDecodeStages];
    const int n = w.positions_of(page);
    const std::uint16_t* keys = keys_at(a.heads.kv, w.pages[page], w.kv_head);
    const std::uint16_t* values = keys + kPagePositions * kDim;
#pragma unroll
    for (int i = static_cast<int>(threadIdx.x); i < kPagePositions * kPieces;
         i += kDecodeWarps * 32) {
      copy16(to.k[i / kPagePositions][i % kPagePositions], keys + i * 8);
      copy16_or_zero(to.v + flash_piece<kDim>(i / kPieces, i % kPieces), values + i * 8,
                     i / kPieces < n);
    }
  }
  copy_commit();
}

/// Queries of the group; in the last part the row's key and value, too, which go to the cache at
/// once, and to put_own.
template <int kDim>
__device__ __forceinline__ void load_group(const FlashDecodeArgs& a, const DecodeWork& w,
                                           DecodeMemory<kDim>& m) {
  const float scale = flash_scale(kDim);
  const int n_kv = a.heads.kv.n_kv_heads;
  const bool takes_own = w.end == w.n_pages;
  for (int i = static_cast<int>(threadIdx.x) / 32; i < w.group + (takes_own ? 2 : 0);
       i += kDecodeWarps) {
    const bool is_query = i < w.group;
    const int head =
        is_query ? w.kv_head * w.group + i : a.heads.n_heads + (i - w.group) * n_kv + w.kv_head;
    const HeadPairs<kDim> pairs = turn_head<kDim>(a.heads, w.row, head, w.position);
    std::uint16_t* to = is_query ? m.q[i] : m.own[i - w.group];
    const float factor = is_query ? scale : 1.0F;
    pairs.each([&](int d, float x) { to[d] = __half_as_ushort(__float2half_rn(x * factor)); });
    if (!is_query) {
      append_head<kDim>(a.heads.kv, w.pages[w.n_pages - 1], w.position % kPagePositions, w.kv_head,
                        i > w.group, pairs);
    }
  }
  for (int i = w.group * kDim + static_cast<int>(threadIdx.x); i < kMaxDecodeHeads * kDim;
       i += kDecodeWarps * 32) {
    m.q[i / kDim][i % kDim] = 0;
  }
}

/// The row's own key and value into the last page.
template <int kDim>
__device__ __forceinline__ void put_own(const DecodeWork& w, const DecodeMemory<kDim>& m,
                                        DecodePage<kDim>& page) {
  const int slot = w.position % kPagePositions;
  const int d = static_cast<int>(threadIdx.x);
  if (d >= kDim) return;
  page.k[d / 8][slot][d % 8] = m.own[0][d];
  std::uint8_t* value = page.v + flash_piece<kDim>(slot, d / 8) + d % 8 * 2;
  *reinterpret_cast<std::uint16_t*>(value) = m.own[1][d];
}

/// One warp's positions: lane (g, t) = (lane / 4, lane % 4) has head g.
template <int kDim>
struct DecodeWarp {
  std::uint32_t q[kDim / 16][2];
  float o[kDim / 8][4] = {};
  DecodeState state;

  __device__ __forceinline__ void load_query(const DecodeMemory<kDim>& m) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
    for (int i = 0; i < kDim / 16; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        q[i][half] = *reinterpret_cast<const std::uint32_t*>(
            &m.q[lane / 4][i * 16 + half * 8 + lane % 4 * 2]);
      }
    }
  }
  /// Positions [first, first + 16) of a page that has n.
  __device__ __forceinline__ void add(const DecodePage<kDim>& page, int first, int n) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    float s[2][4] = {};
#pragma unroll
    for (int i = 0; i < kDim / 16; ++i) {
      std::uint32_t b[4];
      load_matrices(b, page.k[2 * i + lane / 8 % 2][first + lane / 16 * 8 + lane % 8]);
      const std::uint32_t a[4] = {q[i][0], 0, q[i][1], 0};
      mma_fp16(s[0], a, b[0], b[1]);
      mma_fp16(s[1], a, b[2], b[3]);
    }
    softmax(s, first, n);
    const std::uint32_t p[4] = {pack_halves(s[0][0], s[0][1]), 0, pack_halves(s[1][0], s[1][1]), 0};
#pragma unroll
    for (int d = 0; d < kDim / 8; d += 2) {
      std::uint32_t b[4];
      load_matrices_transposed(b, page.v + flash_piece<kDim>(first + lane % 16, d + lane / 16));
      mma_fp16(o[d], p, b[0], b[1]);
      mma_fp16(o[d + 1], p, b[2], b[3]);
    }
  }
  __device__ __forceinline__ void put(DecodeMemory<kDim>& m) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const float total = quad_sum(state.sum);
    if (lane % 4 == 0) {
      m.state[warp][lane / 4].max = state.max;
      m.state[warp][lane / 4].sum = total;
    }
#pragma unroll
    for (int d = 0; d < kDim / 8; ++d) {
      m.o[warp][lane / 4][d * 8 + lane % 4 * 2] = o[d][0];
      m.o[warp][lane / 4][d * 8 + lane % 4 * 2 + 1] = o[d][1];
    }
  }

 private:
  __device__ __forceinline__ void softmax(float (&s)[2][4], int first, int n) {
    const int column = first + static_cast<int>(threadIdx.x) % 4 * 2;
    float top = state.max;
#pragma unroll
    for (int p = 0; p < 2; ++p) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        if (column + p * 8 + i >= n) s[p][i] = -INFINITY;
        top = fmaxf(top, s[p][i]);
      }
    }
    top = quad_max(top);
    const float keep = power_of_two(state.max - top);
    state.max = top;
    float total = 0;
#pragma unroll
    for (int p = 0; p < 2; ++p) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        s[p][i] = power_of_two(s[p][i] - top);
        total += s[p][i];
      }
    }
    state.sum = __fmaf_rn(state.sum, keep, total);
#pragma unroll
    for (int d = 0; d < kDim / 8; ++d) o[d][0] *= keep, o[d][1] *= keep;
  }
};

/// Appends what follows; the first always has a position.
__device__ __forceinline__ float merge_next(DecodeState* state, float value, float next_max,
                                            float next_sum, float next_value) {
  const float top = fmaxf(state->max, next_max);
  const float keep = power_of_two(state->max - top);
  const float take = power_of_two(next_max - top);
  state->max = top;
  state->sum = __fmaf_rn(state->sum, keep, next_sum * take);
  return __fmaf_rn(value, keep, next_value * take);
}

template <int kDim>
__device__ __forceinline__ float* decode_part(const FlashDecodeArgs& a, const DecodeWork& w,
                                              int head, int part) {
  const std::int64_t at =
      static_cast<std::int64_t>(w.row) * a.heads.n_heads + w.kv_head * w.group + head;
  return a.parts + (at * static_cast<int>(gridDim.x) + part) * (kDim + 2);
}
template <int kDim>
__device__ __forceinline__ void store_decoded(const FlashDecodeArgs& a, const DecodeWork& w,
                                              int head, int d, float value) {
  const std::int64_t at =
      (static_cast<std::int64_t>(w.row) * a.heads.n_heads + w.kv_head * w.group + head) * kDim;
  const int within = d % 64;
  a.out_bf16[at + d - within + within % 16 / 2 * 8 + within / 16 * 2 + within % 2] =
      __bfloat16_as_ushort(__float2bfloat16_rn(value));
}

/// The block's warps into one, in order: the row's output, or a part of it.
template <int kDim>
__device__ __forceinline__ void merge_warps(const FlashDecodeArgs& a, const DecodeWork& w,
                                            const DecodeMemory<kDim>& m) {
  for (int i = static_cast<int>(threadIdx.x); i < w.group * kDim; i += kDecodeWarps * 32) {
    const int head = i / kDim;
    const int d = i % kDim;
    DecodeState state = m.state[0][head];
    float value = m.o[0][head][d];
    for (int warp = 1; warp < kDecodeWarps; ++warp) {
      const DecodeState& next = m.state[warp][head];
      value = merge_next(&state, value, next.max, next.sum, m.o[warp][head][d]);
    }
    if (w.n_parts == 1) {
      store_decoded<kDim>(a, w, head, d, value / state.sum);
      continue;
    }
    float* to = decode_part<kDim>(a, w, head, w.part);
    to[2 + d] = value;
    if (d == 0) to[0] = state.max, to[1] = state.sum;
  }
}
/// A warp a head: what 2^max of each part is of all, over the sum of all.
template <int kDim>
__device__ __forceinline__ void share_out(const FlashDecodeArgs& a, const DecodeWork& w,
                                          DecodeMemory<kDim>& m) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  for (int head = static_cast<int>(threadIdx.x) / 32; head < w.group; head += kDecodeWarps) {
    const auto state_of = [&](int part) {
      return __ldcg(reinterpret_cast<const float2*>(decode_part<kDim>(a, w, head, part)));
    };
    float top = -INFINITY;
    for (int part = lane; part < w.n_parts; part += 32) top = fmaxf(top, state_of(part).x);
#pragma unroll
    for (int width = 16; width > 0; width /= 2) top = fmaxf(top, __shfl_xor_sync(~0U, top, width));
    float sum = 0;
    for (int part = lane; part < w.n_parts; part += 32) {
      const float2 state = state_of(part);
      const float share = power_of_two(state.x - top);
      m.shares[head][part] = share;
      sum = __fmaf_rn(state.y, share, sum);
    }
#pragma unroll
    for (int width = 16; width > 0; width /= 2) sum += __shfl_xor_sync(~0U, sum, width);
    for (int part = lane; part < w.n_parts; part += 32) m.shares[head][part] /= sum;
  }
}
/// All heads of a thread's element at once: many loads under way.
template <int kDim>
__device__ __forceinline__ void merge_parts(const FlashDecodeArgs& a, const DecodeWork& w,
                                            DecodeMemory<kDim>& m) {
  constexpr int kHeadsAtOnce = kDecodeWarps * 32 / kDim;
  constexpr int kOwn = kMaxDecodeHeads / kHeadsAtOnce;
  share_out<kDim>(a, w, m);
  __syncthreads();
  const int d = static_cast<int>(threadIdx.x) % kDim;
  const int first = static_cast<int>(threadIdx.x) / kDim;
  float values[kOwn] = {};
#pragma unroll 2
  for (int part = 0; part < w.n_parts; ++part) {
#pragma unroll
    for (int i = 0; i < kOwn; ++i) {
      const int head = min(first + i * kHeadsAtOnce, w.group - 1);
      values[i] = __fmaf_rn(__ldcg(decode_part<kDim>(a, w, head, part) + 2 + d),
                            m.shares[head][part], values[i]);
    }
  }
#pragma unroll
  for (int i = 0; i < kOwn; ++i) {
    const int head = first + i * kHeadsAtOnce;
    if (head < w.group) store_decoded<kDim>(a, w, head, d, values[i]);
  }
}

/// Whether this block's part is the last to be there.
template <int kDim>
__device__ __forceinline__ bool arrives_last(const FlashDecodeArgs& a, const DecodeWork& w,
                                             DecodeMemory<kDim>& m) {
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    std::int32_t* arrivals = a.arrivals + w.row * a.heads.kv.n_kv_heads + w.kv_head;
    m.is_last = atomicAdd(arrivals, 1) == w.n_parts - 1 ? 1 : 0;
    if (m.is_last != 0) *arrivals = 0;
    __threadfence();
  }
  __syncthreads();
  return m.is_last != 0;
}

/// Grid: parts of a row's positions, key heads, rows.
template <int kDim>
__global__ void __launch_bounds__(kDecodeWarps * 32, 3)
    flash_decode_kernel(const __grid_constant__ FlashDecodeArgs a) {
  ASSAY_DYNAMIC_SHARED(shared);
  auto& m = *reinterpret_cast<DecodeMemory<kDim>*>(shared);
  const int warp = static_cast<int>(threadIdx.x) / 32;
  let_next_kernel_start();
  const DecodeWork w(a);
  if (w.part >= w.n_parts) return;
  for (int i = 0; i < kDecodeStages; ++i) ask_for_page<kDim>(a, w, w.first + i, m);
  wait_for_previous_kernel();
  load_group<kDim>(a, w, m);
  __syncthreads();
  DecodeWarp<kDim> own;
  own.load_query(m);
  for (int page = w.first; page < w.end; ++page) {
    DecodePage<kDim>& at = m.pages[(page - w.first) % kDecodeStages];
    copy_wait<kDecodeStages - 1>();
    __syncthreads();
    if (page == w.n_pages - 1) {
      put_own<kDim>(w, m, at);
      __syncthreads();
    }
    const int n = w.positions_of(page);
    if (warp * kWarpPositions < n) own.add(at, warp * kWarpPositions, n);
    __syncthreads();  // the page is read: the next but one takes its place, or what they give
    ask_for_page<kDim>(a, w, page + kDecodeStages, m);
  }
  own.put(m);
  __syncthreads();
  merge_warps<kDim>(a, w, m);
  if (w.n_parts > 1 && arrives_last<kDim>(a, w, m)) merge_parts<kDim>(a, w, m);
}

}  // namespace assay::cuda::fast
