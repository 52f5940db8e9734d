// A vector of activations in shared memory, for a kernel that multiplies weights with it: as it is
// or normalised, in fp32 and permuted as bf16 weights are, or quantised once for the whole block.
#pragma once

#include <cstdint>

#include "backends/cuda/fast/block.cuh"
#include "backends/cuda/fast/ptx.cuh"
#include "core/numerics/dot.h"
#include "core/numerics/functions.h"
#include "core/quant/exact_dot.h"

namespace assay::cuda::fast {

constexpr int kChunk = numerics::kChunkElements;
/// Chunks of the natural order lie half the banks apart: two are read side by side.
constexpr int kChunkStride = kChunk + numerics::kLanes;

__host__ __device__ constexpr int chunks_of(int k) {
  return (k + kChunk - 1) / kChunk;
}

/// Where the elements lie that a thread takes, four at a time: a warp has kVectors times 128 in a
/// row, then the next warp.
template <int kVectors>
struct Places {
  static constexpr int kOfWarp = 128 * kVectors;

  /// Of the thread's vector i.
  __device__ static int at(int i) {
    const int warp = static_cast<int>(threadIdx.x) / 32 + i / kVectors * (block_threads() / 32);
    return warp * kOfWarp + i % kVectors * 128 + static_cast<int>(threadIdx.x) % 32 * 4;
  }
  /// Whether any thread of the warp has a vector i.
  __device__ static bool any(int i, int k) {
    return at(i) - static_cast<int>(threadIdx.x) % 32 * 4 < k;
  }
};

/// A vector whose elements come from a function of the first of four; none depends on another.
template <class Load>
struct EachOnItsOwn {
  const Load& one;

  template <int kN>
  __device__ __forceinline__ void load(const int (&at)[kN], int k, float4 (&out)[kN]) const {
#pragma unroll
    for (int i = 0; i < kN; ++i) {
      if (at[i] < k) out[i] = one(at[i]);
    }
  }
};

/// A vector's sum of squares, as numerics/norm.h says; the vector lies in natural order.
class SquareSums {
 public:
  __device__ SquareSums(std::uint8_t* shared, int k)
      : x_(reinterpret_cast<float*>(shared)), sums_(x_ + chunks_of(k) * kChunkStride), k_(k) {}
  __host__ __device__ static int bytes(int k) {
    return chunks_of(k) * (kChunkStride + numerics::kLanes) * 4;
  }
  /// Elements k .. k + 3, by whom they concern; then all threads meet.
  __device__ float4* at(int k) const { return at(x_, k); }
  __device__ static float4* at(float* vector, int k) {
    return reinterpret_cast<float4*>(vector + k / kChunk * kChunkStride + k % kChunk);
  }

  /// 1 / sqrt(mean of squares + eps); by all threads.
  __device__ float scale(float eps) {
    const int lanes = chunks_of(k_) * numerics::kLanes;
    for (int i = static_cast<int>(threadIdx.x); i < lanes; i += block_threads()) {
      const int chunk = i / numerics::kLanes;
      const float* from = x_ + chunk * kChunkStride + i % numerics::kLanes;
      const int steps = min(kChunk, k_ - chunk * kChunk) / numerics::kLanes;
      float sum = 0;
      for (int first = 0; first < steps; first += 16) {
        float v[16];
#pragma unroll
        for (int s = 0; s < 16; ++s) {
          v[s] = first + s < steps ? from[(first + s) * numerics::kLanes] : 0.0F;
        }
#pragma unroll
        for (int s = 0; s < 16; ++s) sum = __fmaf_rn(v[s], v[s], sum);
      }
      sums_[i] = sum;
    }
    __syncthreads();
    float total = 0;
    for (int c = 0; c < chunks_of(k_); ++c) {
      total += sums_[c * numerics::kLanes + threadIdx.x % numerics::kLanes];
    }
#pragma unroll
    for (int width = numerics::kLanes / 2; width > 0; width /= 2) {
      total += __shfl_xor_sync(~0U, total, width);
    }
    return numerics::reciprocal_sqrt(total / static_cast<float>(k_) + eps);
  }

 private:
  float* x_;
  float* sums_;
  int k_;
};

__device__ __forceinline__ float4 normalised(const float4& x, float scale, const float4& gain) {
  return make_float4((x.x * scale) * gain.x, (x.y * scale) * gain.y, (x.z * scale) * gain.z,
                     (x.w * scale) * gain.w);
}

/// What RMSNorm needs in shared memory: the vector, its gains, sums of squares.
class NormInput {
 public:
  __device__ NormInput(std::uint8_t* shared, int k)
      : squares_(shared, k),
        gain_(reinterpret_cast<float*>(shared + SquareSums::bytes(k))),
        k_(k) {}
  __host__ __device__ static int bytes(int k) {
    return SquareSums::bytes(k) + chunks_of(k) * kChunkStride * 4;
  }

  /// Before the previous kernel's results are there.
  __device__ void load_gain(const float* gain) {
    for (int k = static_cast<int>(threadIdx.x) * 4; k < k_; k += block_threads() * 4) {
      *SquareSums::at(gain_, k) = __ldg(reinterpret_cast<const float4*>(gain + k));
    }
  }
  __device__ void load(const float* x) {
    for (int k = static_cast<int>(threadIdx.x) * 4; k < k_; k += block_threads() * 4) {
      *squares_.at(k) = __ldcg(reinterpret_cast<const float4*>(x + k));
    }
    __syncthreads();
  }
  __device__ float scale(float eps) { return squares_.scale(eps); }
  /// Elements k .. k + 3 normalised.
  __device__ float4 normalised(int k, float scale) const {
    return fast::normalised(*squares_.at(k), scale, *SquareSums::at(gain_, k));
  }

 private:
  SquareSums squares_;
  float* gain_;
  int k_;
};

/// Vectors as the inputs of rows take them: kLoads at once of each thread, by Kind::put.
template <class Kind, int kVectorsOfThread, int kLoadsAtOnce>
struct InputInShared {
  static constexpr int kVectors = kVectorsOfThread;
  static constexpr int kLoads = kLoadsAtOnce;
  using Place = Places<kVectors>;

  /// By all threads of the block, whole warps.
  template <class Source>
  __device__ void fill_from(int k, const Source& source) {
    for (int first = 0; Place::any(first, k); first += kLoads) {
      int at[kLoads];
      float4 values[kLoads];
#pragma unroll
      for (int i = 0; i < kLoads; ++i) at[i] = Place::at(first + i);
      source.load(at, k, values);
      static_cast<Kind*>(this)->put(at, k, values);
    }
    __syncthreads();
  }
  /// load(k) gives elements k .. k + 3.
  template <class Load>
  __device__ void fill(int k, const Load& load) {
    fill_from(k, EachOnItsOwn<Load>{load});
  }
  /// RMSNorm of the source's vector, which one load of all threads must bring whole.
  template <class Source>
  __device__ void fill_normalised(int k, const Source& source, const float* gain, float eps,
                                  SquareSums squares) {
    int at[kLoads];
    float4 gains[kLoads];
    float4 x[kLoads];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      at[i] = Place::at(i);
      if (at[i] < k) gains[i] = load_constant_now(gain + at[i]);
    }
    source.load(at, k, x);
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      if (at[i] < k) *squares.at(at[i]) = x[i];
    }
    __syncthreads();
    const float scale = squares.scale(eps);
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      if (at[i] < k) x[i] = normalised(x[i], scale, gains[i]);
    }
    static_cast<Kind*>(this)->put(at, k, x);
    __syncthreads();
  }
  /// Elements that fill_normalised can take.
  __host__ static int most_normalised(int warps) {
    return warps * Place::kOfWarp * (kLoads / kVectors);
  }
};

/// fp32 in the order in which eight lanes meet bf16 weights: for each 64 elements two vectors of
/// four a lane.
class PermutedInput : public InputInShared<PermutedInput, 1, 4> {
 public:
  __device__ PermutedInput(std::uint8_t* shared, int /*k*/)
      : x_(reinterpret_cast<float*>(shared)) {}
  __host__ __device__ static int bytes(int k) { return k * 4; }

  __device__ __forceinline__ void put(const int (&places)[kLoads], int k,
                                      const float4 (&values)[kLoads]) {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const int at = places[i];
      if (at >= k) continue;
      float* to = x_ + at / 64 * 64 + at % 64 / 32 * 32 + at % 16 / 2 * 4 + at / 16 % 2 * 2;
      *reinterpret_cast<float2*>(to) = make_float2(values[i].x, values[i].y);
      *reinterpret_cast<float2*>(to + 4) = make_float2(values[i].z, values[i].w);
    }
  }
  /// Vector `half` of lane j in the 64 elements from `first` on.
  __device__ float4 at(int first, int half, int j) const {
    return *reinterpret_cast<const float4*>(x_ + first + half * 32 + j * 4);
  }

 private:
  float* x_;
};

/// Quantised in blocks of kBlock (quant/exact_dot.h): integers, sums of 16, factors.
template <int kBlock>
class QuantisedInput
    : public InputInShared<QuantisedInput<kBlock>, kBlock == 256 ? 2 : 1, kBlock == 256 ? 6 : 4> {
  using Base = InputInShared<QuantisedInput<kBlock>, kBlock == 256 ? 2 : 1, kBlock == 256 ? 6 : 4>;

 public:
  using Base::kLoads;
  using Base::kVectors;

  __device__ QuantisedInput(std::uint8_t* shared, int k)
      : integers_(shared),
        sums_(reinterpret_cast<std::int16_t*>(shared + k)),
        factors_(reinterpret_cast<float*>(shared + k + k / 8)) {}
  __host__ __device__ static int bytes(int k) { return k + k / 8 + (k / kBlock + 4) / 4 * 16; }

  __device__ const std::uint8_t* integers() const { return integers_; }
  __device__ const std::int16_t* sums() const { return sums_; }
  __device__ const float* factors() const { return factors_; }

  __device__ __forceinline__ void put(const int (&places)[kLoads], int k,
                                      const float4 (&values)[kLoads]) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
    for (int i = 0; i < kLoads; i += kVectors) {
      const int first = places[i] - lane * 4;  // of the warp
      if (first < k) quantise_warp(values + i, first, lane, k);
    }
  }

 private:
  __device__ void quantise_warp(const float4* values, int at, int lane, int k) {
    constexpr std::uint32_t kInfinity = 0x7f800000U;
    const bool present = at + lane * 4 < k;
    std::uint32_t largest = 0;
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      const float x[4] = {values[v].x, values[v].y, values[v].z, values[v].w};
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        if (present) largest = max(largest, __float_as_uint(x[e]) & 0x7fffffffU);
      }
    }
#pragma unroll
    for (int width = kBlock / (8 * kVectors); width > 0; width /= 2) {
      largest = max(largest, __shfl_xor_sync(~0U, largest, width));
    }
    const float amax = __uint_as_float(largest);
    const bool zero = largest >= kInfinity || amax < quant::kSmallestAmax;
    const float factor = amax / 127.0F;
    const float inverse = 1.0F / factor;
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      const float x[4] = {values[v].x, values[v].y, values[v].z, values[v].w};
      std::uint32_t word = 0;
      int sum = 0;
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const float rounded = quant::round_to_even(x[e] * inverse);
        const float limited = rounded > 127.0F ? 127.0F : rounded < -127.0F ? -127.0F : rounded;
        const int q = zero ? 0 : static_cast<int>(limited);
        sum += q;
        word |= (static_cast<std::uint32_t>(q) & 255U) << (8 * e);
      }
      sum += __shfl_xor_sync(~0U, sum, 1);
      sum += __shfl_xor_sync(~0U, sum, 2);
      const int to = at + v * 128 + lane * 4;
      if (present) {
        *reinterpret_cast<std::uint32_t*>(integers_ + to) = word;
        if (lane % 4 == 0) sums_[to / 16] = static_cast<std::int16_t>(sum);
      }
    }
    constexpr int kLanesOfBlock = kBlock / (4 * kVectors);
    if (present && lane % kLanesOfBlock == 0) {
      factors_[(at + lane * 4) / kBlock] = largest >= kInfinity ? __uint_as_float(0x7fc00000U)
                                           : zero               ? 0.0F
                                                                : factor;
    }
  }

  std::uint8_t* integers_;
  std::int16_t* sums_;
  float* factors_;
};

}  // namespace assay::cuda::fast
