// What one chunk of 512 elements of four rows (or twice four) gives, for each type of weight: eight
// lanes share a row. A row's bytes lie in shared memory, plane by plane.
#pragma once

#include <cuda_fp16.h>

#include "backends/cuda/fast/vector_input.cuh"

namespace assay::cuda::fast {

constexpr int kLanesOfRow = 8;

__device__ __forceinline__ int dot_signed(std::uint32_t a, std::uint32_t b, int sum) {
  return __dp4a(static_cast<int>(a), static_cast<int>(b), sum);
}
__device__ __forceinline__ uint4 load16(const std::uint8_t* at) {
  return *reinterpret_cast<const uint4*>(at);
}
__device__ __forceinline__ float half_bits_to_float(std::uint32_t bits) {
  return __half2float(__ushort_as_half(static_cast<unsigned short>(bits)));
}
__device__ __forceinline__ float load_half(const std::uint8_t* at) {
  return half_bits_to_float(*reinterpret_cast<const std::uint16_t*>(at));
}

/// Where the planes of a lane's rows lie in a slot; kRows is 1 or 2.
template <int kRows, int kPlanes>
struct RowsAt {
  const std::uint8_t* plane[kRows][kPlanes];
};

/// bf16: lane j of eight holds partial sums 2j and 2j + 1 of the 16.
struct GemvBf16 {
  static constexpr int kBlock = 1;
  static constexpr int kPlanes = 1;
  static constexpr int kSumsOfLane = 2;
  __host__ __device__ static constexpr int plane_bytes(int /*plane*/) { return 2; }
  using Input = PermutedInput;
  template <int kRows>
  struct Sums {
    float v[kRows][2] = {};
  };

  __device__ static void step(const uint4& w, const float4& x0, const float4& x1, float* sum) {
    const std::uint32_t words[4] = {w.x, w.y, w.z, w.w};
    const float x[8] = {x0.x, x0.y, x0.z, x0.w, x1.x, x1.y, x1.z, x1.w};
#pragma unroll
    for (int s = 0; s < 4; ++s) {
      sum[0] = __fmaf_rn(__uint_as_float(words[s] << 16), x[2 * s], sum[0]);
      sum[1] = __fmaf_rn(__uint_as_float(words[s] & 0xffff0000U), x[2 * s + 1], sum[1]);
    }
  }
  template <int kRows>
  __device__ __forceinline__ static Sums<kRows> multiply(const RowsAt<kRows, 1>& rows,
                                                         const Input& input, int start,
                                                         int elements, int lane) {
    Sums<kRows> sums;
    const int j = lane % kLanesOfRow;
    if (elements == kChunk) {
#pragma unroll
      for (int k = 0; k < kChunk; k += 64) step_64(rows, input, start, k, j, &sums);
    } else {
#pragma unroll 1
      for (int k = 0; k < elements; k += 64) step_64(rows, input, start, k, j, &sums);
    }
    return sums;
  }
  template <int kRows>
  __device__ __forceinline__ static void step_64(const RowsAt<kRows, 1>& rows, const Input& input,
                                                 int start, int k, int j, Sums<kRows>* sums) {
    const float4 x0 = input.at(start + k, 0, j);
    const float4 x1 = input.at(start + k, 1, j);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      step(load16(rows.plane[r][0] + k * 2 + j * 16), x0, x1, sums->v[r]);
    }
  }
  template <int kRows>
  __device__ static void add(const Sums<kRows>& chunk, Sums<kRows>* total) {
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      total->v[r][0] += chunk.v[r][0];
      total->v[r][1] += chunk.v[r][1];
    }
  }
  /// Folds 8, 4, 2, 1: all eight lanes get the row's sum.
  __device__ static float fold(float even, float odd) {
#pragma unroll
    for (int width = kLanesOfRow / 2; width > 0; width /= 2) {
      even += __shfl_xor_sync(~0U, even, width);
      odd += __shfl_xor_sync(~0U, odd, width);
    }
    return even + odd;
  }
  template <int kRows>
  __device__ static void finish(const Sums<kRows>& total, int /*lane*/, float* y) {
#pragma unroll
    for (int r = 0; r < kRows; ++r) y[r] = fold(total.v[r][0], total.v[r][1]);
  }
};

/// What the quantised types share. One row: its eight lanes hold the same chain. Two rows: even
/// lanes own the first one's chain, odd lanes the second one's.
template <int kBlockElements>
struct GemvQuantised {
  static constexpr int kBlock = kBlockElements;
  static constexpr int kSumsOfLane = 1;
  using Input = QuantisedInput<kBlock>;
  template <int kRows>
  struct Sums {
    float v = 0;
  };
  template <int kRows>
  __device__ static void add(const Sums<kRows>& chunk, Sums<kRows>* total) {
    total->v += chunk.v;
  }
  template <int kRows>
  __device__ static void finish(const Sums<kRows>& total, int lane, float* y) {
    y[0] = total.v;
    if constexpr (kRows == 2) {
      const float other = __shfl_xor_sync(~0U, total.v, 1);
      y[0] = lane % 2 == 0 ? total.v : other;
      y[1] = lane % 2 == 0 ? other : total.v;
    }
  }
  /// Lanes `width` apart exchange: each keeps the sum of what its bit selects.
  __device__ static int reduce(int zero, int one, int width, int lane) {
    const bool bit = (lane & width) != 0;
    return (bit ? one : zero) + __shfl_xor_sync(~0U, bit ? zero : one, width);
  }
  __device__ static int reduce(int value, int width) {
    return value + __shfl_xor_sync(~0U, value, width);
  }
  /// The row whose chain this lane owns.
  template <int kRows, int kPlanes>
  __device__ static const std::uint8_t* own_plane(const RowsAt<kRows, kPlanes>& rows, int plane,
                                                  int lane) {
    if constexpr (kRows == 1) return rows.plane[0][plane];
    return lane % 2 == 0 ? rows.plane[0][plane] : rows.plane[kRows - 1][plane];
  }
};

struct GemvQ8_0 : GemvQuantised<32> {
  static constexpr int kPlanes = 2;
  __host__ __device__ static constexpr int plane_bytes(int plane) { return plane == 0 ? 32 : 2; }

  __device__ static int dot16(const uint4& w, const uint4& x) {
    int sum = dot_signed(w.x, x.x, 0);
    sum = dot_signed(w.y, x.y, sum);
    sum = dot_signed(w.z, x.z, sum);
    return dot_signed(w.w, x.w, sum);
  }
  /// Steps of 128 elements: a lane's 16, of block 4 * step + j / 2.
  template <int kRows>
  __device__ static Sums<kRows> multiply(const RowsAt<kRows, 2>& rows, const Input& input,
                                         int start, int elements, int lane) {
    const int j = lane % kLanesOfRow;
    const std::uint8_t* scales = own_plane(rows, 1, lane) + j / 2 * 2;
    const float* factors = input.factors() + start / 32 + j / 2;
    float sum[4];
    float factor[4];
#pragma unroll
    for (int s = 0; s < 4; ++s) {
      int dots[2] = {0, 0};
      factor[s] = 0;
      if (s * 128 < elements) {
        const uint4 x = load16(input.integers() + start + s * 128 + j * 16);
#pragma unroll
        for (int r = 0; r < kRows; ++r) {
          dots[r] = dot16(load16(rows.plane[r][0] + s * 128 + j * 16), x);
        }
        factor[s] = load_half(scales + s * 8) * factors[s * 4];
      }
      sum[s] =
          static_cast<float>(kRows == 1 ? reduce(dots[0], 1) : reduce(dots[0], dots[1], 1, lane));
    }
    const int first = lane - j + (kRows == 2 ? lane % 2 : 0);
    Sums<kRows> out;
#pragma unroll
    for (int s = 0; s < 4; ++s) {
#pragma unroll
      for (int pair = 0; pair < 4; ++pair) {
        out.v = __fmaf_rn(__shfl_sync(~0U, sum[s], first + pair * 2),
                          __shfl_sync(~0U, factor[s], first + pair * 2), out.v);
      }
    }
    return out;
  }
};

struct GemvQ4_K : GemvQuantised<256> {
  static constexpr int kPlanes = 2;
  __host__ __device__ static constexpr int plane_bytes(int plane) { return plane == 0 ? 128 : 16; }

  /// Scales and minima of four groups, a byte each: of the half of the header a lane decodes.
  __device__ static uint2 decode(const uint4& header, bool second) {
    if (!second) return make_uint2(header.y & 0x3f3f3f3fU, header.z & 0x3f3f3f3fU);
    return make_uint2((header.w & 0x0f0f0f0fU) | (header.y >> 2 & 0x30303030U),
                      (header.w >> 4 & 0x0f0f0f0fU) | (header.z >> 2 & 0x30303030U));
  }
  /// Sixteen times the sum of a lane's products: low nibbles with x[0], high ones with x[1].
  __device__ static int products(const uint4& w, const uint4& low, const uint4& high,
                                 std::uint32_t scales) {
    int of_low = dot_signed(w.x & 0x0f0f0f0fU, low.x, 0);
    int of_high = dot_unsigned(w.x & 0xf0f0f0f0U, high.x, 0);  // times 16
    of_low = dot_signed(w.y & 0x0f0f0f0fU, low.y, of_low);
    of_high = dot_unsigned(w.y & 0xf0f0f0f0U, high.y, of_high);
    of_low = dot_signed(w.z & 0x0f0f0f0fU, low.z, of_low);
    of_high = dot_unsigned(w.z & 0xf0f0f0f0U, high.z, of_high);
    of_low = dot_signed(w.w & 0x0f0f0f0fU, low.w, of_low);
    of_high = dot_unsigned(w.w & 0xf0f0f0f0U, high.w, of_high);
    return static_cast<int>(scales << 4 & 0xff0U) * of_low +
           static_cast<int>(scales >> 8 & 255U) * of_high;
  }
  template <int kRows>
  __device__ static Sums<kRows> multiply(const RowsAt<kRows, 2>& rows, const Input& input,
                                         int start, int elements, int lane) {
    const int j = lane % kLanesOfRow;
    const int n = elements / 256;
    const int own = lane >> 1 & 1;  // superblock
    const bool minima = (lane & 4) != 0;
    uint4 header = make_uint4(0, 0, 0, 0);
    float x_factor = 0;
    if (own < n) {
      header = load16(own_plane(rows, 1, lane) + own * 16);
      x_factor = input.factors()[start / 256 + own];
    }
    const uint2 decoded = decode(header, minima);
    int kept[2][2] = {};  // row, superblock: S in lanes without bit 2, M in those with it
#pragma unroll
    for (int sb = 0; sb < 2; ++sb) {
      const int at = start + sb * 256;
      uint4 low = make_uint4(0, 0, 0, 0);
      uint4 high = low;
      int x_sum = 0;
      if (sb < n) {
        low = load16(input.integers() + at + j / 2 * 64 + j % 2 * 16);
        high = load16(input.integers() + at + j / 2 * 64 + j % 2 * 16 + 32);
        x_sum = input.sums()[at / 16 + j * 2] + input.sums()[at / 16 + j * 2 + 1];
      }
#pragma unroll
      for (int r = 0; r < kRows; ++r) {
        const int from = (lane & ~3) | r | sb << 1;
        const std::uint32_t scales = __shfl_sync(~0U, decoded.x, from) >> 8 * (j & 2);
        const std::uint32_t mins = __shfl_sync(~0U, decoded.y, from) >> 8 * (j & 3);
        uint4 w = make_uint4(0, 0, 0, 0);
        if (sb < n) w = load16(rows.plane[r][0] + sb * 128 + j * 16);
        kept[r][sb] =
            reduce(products(w, low, high, scales), static_cast<int>(mins & 255U) * x_sum, 4, lane);
      }
    }
    int of_row[2];
#pragma unroll
    for (int r = 0; r < kRows; ++r) of_row[r] = reduce(kept[r][0], kept[r][1], 2, lane);
    const int total =
        kRows == 1 ? reduce(of_row[0], 1) : reduce(of_row[0], of_row[kRows - 1], 1, lane);
    const float value = static_cast<float>(minima ? total : total >> 4);
    float factor = half_bits_to_float(minima ? header.x >> 16 : header.x & 0xffffU) * x_factor;
    if (minima) factor = -factor;
    const int first = (lane & ~7) | (kRows == 2 ? lane & 1 : 0);
    Sums<kRows> out;
#pragma unroll
    for (int i = 0; i < 4; ++i) {  // S and M of superblock 0, then of 1
      const int from = first | (i & 1) << 2 | (i & 2);
      out.v = __fmaf_rn(__shfl_sync(~0U, value, from), __shfl_sync(~0U, factor, from), out.v);
    }
    return out;
  }
};

struct GemvQ6_K : GemvQuantised<256> {
  static constexpr int kPlanes = 4;
  __host__ __device__ static constexpr int plane_bytes(int plane) {
    return plane == 0 ? 128 : plane == 1 ? 64 : plane == 2 ? 16 : 2;
  }
  template <int kRows>
  __device__ static int products(const RowsAt<kRows, 4>& rows, int r, int sb, int j,
                                 const uint4& x_low, const uint4& x_high, int low, int high) {
    const int shift = j & 2;
    const uint4 nibbles = load16(rows.plane[r][0] + sb * 128 + j * 16);
    const uint4 pairs = load16(rows.plane[r][1] + sb * 64 + j / 4 * 32 + j % 2 * 16);
    const auto* scales =
        reinterpret_cast<const std::int8_t*>(rows.plane[r][2] + sb * 16 + j / 4 * 8 + j % 4);
    const std::uint32_t w[4] = {nibbles.x, nibbles.y, nibbles.z, nibbles.w};
    const std::uint32_t p[4] = {pairs.x, pairs.y, pairs.z, pairs.w};
    const std::uint32_t xl[4] = {x_low.x, x_low.y, x_low.z, x_low.w};
    const std::uint32_t xh[4] = {x_high.x, x_high.y, x_high.z, x_high.w};
#pragma unroll
    for (int v = 0; v < 4; ++v) {
      low = dot_signed((w[v] & 0x0f0f0f0fU) | (p[v] << (4 - shift) & 0x30303030U), xl[v], low);
      high = dot_signed((w[v] >> 4 & 0x0f0f0f0fU) | (p[v] >> shift & 0x30303030U), xh[v], high);
    }
    return scales[0] * low + scales[4] * high;
  }
  template <int kRows>
  __device__ static Sums<kRows> multiply(const RowsAt<kRows, 4>& rows, const Input& input,
                                         int start, int elements, int lane) {
    const int j = lane % kLanesOfRow;
    const int n = elements / 256;
    const int own = lane >> 1 & 1;  // superblock
    int sums[2][2] = {};            // row, superblock
#pragma unroll
    for (int sb = 0; sb < 2; ++sb) {
      if (sb >= n) continue;
      const int at = start + sb * 256 + j / 4 * 128 + j % 4 * 16;
      const uint4 x_low = load16(input.integers() + at);
      const uint4 x_high = load16(input.integers() + at + 64);
      const int low = -32 * input.sums()[at / 16];
      const int high = -32 * input.sums()[at / 16 + 4];
#pragma unroll
      for (int r = 0; r < kRows; ++r) {
        sums[r][sb] = products(rows, r, sb, j, x_low, x_high, low, high);
      }
    }
    int of_row[2];
#pragma unroll
    for (int r = 0; r < kRows; ++r) of_row[r] = reduce(sums[r][0], sums[r][1], 2, lane);
    int total = kRows == 1 ? reduce(of_row[0], 1) : reduce(of_row[0], of_row[kRows - 1], 1, lane);
    total = reduce(total, 4);
    float factor = 0;
    if (own < n) {
      factor = load_half(own_plane(rows, 3, lane) + own * 2) * input.factors()[start / 256 + own];
    }
    const auto value = static_cast<float>(total);
    const int first = (lane & ~7) | (kRows == 2 ? lane & 1 : 0);
    Sums<kRows> out;
#pragma unroll
    for (int sb = 0; sb < 2; ++sb) {
      const int from = first | sb << 1;
      out.v = __fmaf_rn(__shfl_sync(~0U, value, from), __shfl_sync(~0U, factor, from), out.v);
    }
    return out;
  }
};

}  // namespace assay::cuda::fast
