// The quantised types as this backend's kernels see them: pieces of 32 consecutive elements, read
// from the planes into eight words of four integers each (never negative: kOffset is subtracted
// where it is cheapest), with their one or two groups' scales and minima; and a block's factors.
//
// What the numbers mean is core/quant/blocks.h, field by field.
#pragma once

#include <cstdint>

#include "backends/cuda/kernels/planes.h"
#include "core/numerics/half.h"

namespace assay::cuda {

inline constexpr int kPieceElements = 32;

/// A thread's words of a piece. Element 4 i + b lies in byte b of word i.
template <int kGroups, int kWords>
struct Piece {
  int q[kWords];
  int scale[kGroups];
  int minimum[kGroups];
};

struct Factors {
  float scale;
  float minimum;
};

__device__ inline float half_at(const std::uint8_t* bytes) {
  return numerics::half_to_float(*reinterpret_cast<const std::uint16_t*>(bytes));
}

/// Which words of a piece a thread takes: all eight.
struct WholePiece {
  static constexpr int kWords = 8;
  __device__ static int word(int i) { return i; }
  /// Of 32 bytes, 16-byte aligned.
  __device__ void load(const std::uint8_t* bytes, int (&words)[8]) const {
    const int4* from = reinterpret_cast<const int4*>(bytes);
    const int4 a = __ldg(from);
    const int4 b = __ldg(from + 1);
    words[0] = a.x, words[1] = a.y, words[2] = a.z, words[3] = a.w;
    words[4] = b.x, words[5] = b.y, words[6] = b.z, words[7] = b.w;
  }
  /// Of 16 bytes: element i in the low half of byte i, i + 16 in its high half.
  __device__ void load_nibbles(const std::uint8_t* bytes, int (&q)[8]) const {
    const int4 a = __ldg(reinterpret_cast<const int4*>(bytes));
    const int words[4] = {a.x, a.y, a.z, a.w};
    for (int i = 0; i < 4; ++i) {
      q[i] = words[i] & 0x0f0f0f0f;
      q[i + 4] = words[i] >> 4 & 0x0f0f0f0f;
    }
  }
};

/// Words c and c + 4: what thread c of four holds of a tensor core's operand of 32 elements.
struct QuarterPiece {
  static constexpr int kWords = 2;
  int c;
  __device__ int word(int i) const { return c + 4 * i; }
  __device__ void load(const std::uint8_t* bytes, int (&words)[2]) const {
    const int* from = reinterpret_cast<const int*>(bytes);
    words[0] = __ldg(from + c);
    words[1] = __ldg(from + c + 4);
  }
  __device__ void load_nibbles(const std::uint8_t* bytes, int (&q)[2]) const {
    const int both = __ldg(reinterpret_cast<const int*>(bytes) + c);
    q[0] = both & 0x0f0f0f0f;
    q[1] = both >> 4 & 0x0f0f0f0f;
  }
};

/// Bit i of `bits` to bit 0 of byte i, for four bits.
__device__ inline int spread_bits(unsigned bits) {
  return static_cast<int>((bits & 15U) * 0x00204081U & 0x01010101U);
}

/// Where block `block` of a row lies in plane `plane` of `bytes` a block.
__device__ inline const std::uint8_t* field(const WeightPlanes& w, int plane, std::int64_t row,
                                            std::int64_t block, int elements, int bytes) {
  return w.plane[plane] + (row * (w.cols / elements) + block) * bytes;
}

template <class Part>
__device__ inline void add_fifth_bits(const std::uint8_t* bytes, const Part& part,
                                      int (&q)[Part::kWords]) {
  const unsigned bits = __ldg(reinterpret_cast<const unsigned*>(bytes));
  for (int i = 0; i < Part::kWords; ++i) q[i] |= spread_bits(bits >> (4 * part.word(i))) << 4;
}

/// Types of 32 elements: one group, without integer factors.
template <int kOffsetValue, bool kMinimum>
struct Format32 {
  static constexpr int kElements = 32;
  static constexpr int kGroups = 1;
  static constexpr int kOffset = kOffsetValue;
  static constexpr bool kHasMinimum = kMinimum;
  static constexpr bool kIntegerScales = false;
  template <class Part>
  __device__ static Piece<1, Part::kWords> empty() {
    Piece<1, Part::kWords> p;
    p.scale[0] = 1;
    p.minimum[0] = 1;
    return p;
  }
  /// Of the 2 or 4 bytes at `bytes`; the file's minimum is added, so its factor is the negative.
  __device__ static Factors factors_at(const std::uint8_t* bytes) {
    if constexpr (kMinimum) {
      const unsigned both = __ldg(reinterpret_cast<const unsigned*>(bytes));
      return {numerics::half_to_float(static_cast<std::uint16_t>(both)),
              -numerics::half_to_float(static_cast<std::uint16_t>(both >> 16))};
    }
    return {half_at(bytes), 0};
  }
};

/// Types of 256 elements: a scale for every 16 or 32.
template <int kGroupsOfPiece, int kOffsetValue, bool kMinimum>
struct Format256 {
  static constexpr int kElements = 256;
  static constexpr int kGroups = kGroupsOfPiece;
  static constexpr int kOffset = kOffsetValue;
  static constexpr bool kHasMinimum = kMinimum;
  static constexpr bool kIntegerScales = true;
};

template <TensorType kType>
struct Format;

template <>
struct Format<TensorType::Q8_0> : Format32<0, false> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 32 : plane == 1 ? 2 : 0;
  }
  template <class Part>
  __device__ static Piece<1, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    Piece<1, Part::kWords> p = empty<Part>();
    part.load(field(w, 0, row, piece, 32, 32), p.q);
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    return factors_at(field(w, 1, row, block, 32, 2));
  }
};

template <>
struct Format<TensorType::Q4_0> : Format32<8, false> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 16 : plane == 1 ? 2 : 0;
  }
  template <class Part>
  __device__ static Piece<1, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    Piece<1, Part::kWords> p = empty<Part>();
    part.load_nibbles(field(w, 0, row, piece, 32, 16), p.q);
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    return factors_at(field(w, 1, row, block, 32, 2));
  }
};

template <>
struct Format<TensorType::Q4_1> : Format32<0, true> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 16 : plane == 1 ? 4 : 0;
  }
  template <class Part>
  __device__ static Piece<1, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    Piece<1, Part::kWords> p = empty<Part>();
    part.load_nibbles(field(w, 0, row, piece, 32, 16), p.q);
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    return factors_at(field(w, 1, row, block, 32, 4));
  }
};

template <>
struct Format<TensorType::Q5_0> : Format32<16, false> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 16 : plane == 1 ? 4 : plane == 2 ? 2 : 0;
  }
  template <class Part>
  __device__ static Piece<1, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    Piece<1, Part::kWords> p = empty<Part>();
    part.load_nibbles(field(w, 0, row, piece, 32, 16), p.q);
    add_fifth_bits(field(w, 1, row, piece, 32, 4), part, p.q);
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    return factors_at(field(w, 2, row, block, 32, 2));
  }
};

template <>
struct Format<TensorType::Q5_1> : Format32<0, true> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 16 : plane == 1 ? 4 : plane == 2 ? 4 : 0;
  }
  template <class Part>
  __device__ static Piece<1, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    Piece<1, Part::kWords> p = empty<Part>();
    part.load_nibbles(field(w, 0, row, piece, 32, 16), p.q);
    add_fifth_bits(field(w, 1, row, piece, 32, 4), part, p.q);
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    return factors_at(field(w, 2, row, block, 32, 4));
  }
};

template <>
struct Format<TensorType::Q2_K> : Format256<2, 0, true> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 64 : plane == 1 ? 16 : plane == 2 ? 4 : 0;
  }
  template <class Part>
  __device__ static Piece<2, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    const int of_block = static_cast<int>(piece % 8);
    Piece<2, Part::kWords> p;
    part.load(field(w, 0, row, piece / 8, 256, 64) + of_block / 4 * 32, p.q);
    for (int& word : p.q) word = word >> (of_block % 4 * 2) & 0x03030303;
    const std::uint8_t* scales = field(w, 1, row, piece / 8, 256, 16) + 2 * of_block;
    for (int g = 0; g < 2; ++g) {
      p.scale[g] = scales[g] & 15;
      p.minimum[g] = scales[g] >> 4;
    }
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    const std::uint8_t* bytes = field(w, 2, row, block, 256, 4);
    return {half_at(bytes), half_at(bytes + 2)};
  }
};

template <>
struct Format<TensorType::Q3_K> : Format256<2, 4, false> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 64 : plane == 1 ? 32 : plane == 2 ? 12 : plane == 3 ? 2 : 0;
  }
  template <class Part>
  __device__ static Piece<2, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    const std::int64_t block = piece / 8;
    const int of_block = static_cast<int>(piece % 8);
    Piece<2, Part::kWords> p;
    int high[Part::kWords];
    part.load(field(w, 0, row, block, 256, 64) + of_block / 4 * 32, p.q);
    part.load(field(w, 1, row, block, 256, 32), high);
    for (int i = 0; i < Part::kWords; ++i) {
      p.q[i] = (p.q[i] >> (of_block % 4 * 2) & 0x03030303) | (high[i] >> of_block & 0x01010101)
                                                                 << 2;
    }
    const std::uint8_t* scales = field(w, 2, row, block, 256, 12);
    for (int g = 0; g < 2; ++g) {
      const int group = 2 * of_block + g;
      const int low = scales[group % 8] >> (group / 8 * 4) & 15;
      const int top = scales[8 + group % 4] >> (group / 4 * 2) & 3;
      p.scale[g] = (low | top << 4) - 32;
    }
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    return {half_at(field(w, 3, row, block, 256, 2)), 0};
  }
};

/// Scale and minimum of group `group` of Q4_K and Q5_K, from the 12 packed bytes of the header.
template <int kWords>
__device__ inline void packed_scales(const std::uint8_t* bytes, int group, Piece<1, kWords>* p) {
  if (group < 4) {
    p->scale[0] = bytes[group] & 63;
    p->minimum[0] = bytes[group + 4] & 63;
  } else {
    p->scale[0] = (bytes[group + 4] & 15) | bytes[group - 4] >> 6 << 4;
    p->minimum[0] = bytes[group + 4] >> 4 | bytes[group] >> 6 << 4;
  }
}

template <>
struct Format<TensorType::Q4_K> : Format256<1, 0, true> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 128 : plane == 1 ? 16 : 0;
  }
  template <class Part>
  __device__ static Piece<1, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    const int of_block = static_cast<int>(piece % 8);
    Piece<1, Part::kWords> p;
    part.load(field(w, 0, row, piece / 8, 256, 128) + of_block / 2 * 32, p.q);
    for (int& word : p.q) word = word >> (of_block % 2 * 4) & 0x0f0f0f0f;
    packed_scales(field(w, 1, row, piece / 8, 256, 16) + 4, of_block, &p);
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    const std::uint8_t* bytes = field(w, 1, row, block, 256, 16);
    return {half_at(bytes), half_at(bytes + 2)};
  }
};

template <>
struct Format<TensorType::Q5_K> : Format256<1, 0, true> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 128 : plane == 1 ? 32 : plane == 2 ? 16 : 0;
  }
  template <class Part>
  __device__ static Piece<1, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    const std::int64_t block = piece / 8;
    const int of_block = static_cast<int>(piece % 8);
    Piece<1, Part::kWords> p;
    int high[Part::kWords];
    part.load(field(w, 0, row, block, 256, 128) + of_block / 2 * 32, p.q);
    part.load(field(w, 1, row, block, 256, 32), high);
    for (int i = 0; i < Part::kWords; ++i) {
      p.q[i] = (p.q[i] >> (of_block % 2 * 4) & 0x0f0f0f0f) | (high[i] >> of_block & 0x01010101)
                                                                 << 4;
    }
    packed_scales(field(w, 2, row, block, 256, 16) + 4, of_block, &p);
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    const std::uint8_t* bytes = field(w, 2, row, block, 256, 16);
    return {half_at(bytes), half_at(bytes + 2)};
  }
};

template <>
struct Format<TensorType::Q6_K> : Format256<2, 32, false> {
  __device__ static constexpr int plane_bytes(int plane) {  // of a block
    return plane == 0 ? 128 : plane == 1 ? 64 : plane == 2 ? 16 : plane == 3 ? 2 : 0;
  }
  template <class Part>
  __device__ static Piece<2, Part::kWords> load(const WeightPlanes& w, std::int64_t row,
                                                std::int64_t piece, const Part& part) {
    const std::int64_t block = piece / 8;
    const int half = static_cast<int>(piece % 8) / 4;
    const int within = static_cast<int>(piece % 4);
    Piece<2, Part::kWords> p;
    int high[Part::kWords];
    part.load(field(w, 0, row, block, 256, 128) + half * 64 + within % 2 * 32, p.q);
    part.load(field(w, 1, row, block, 256, 64) + half * 32, high);
    for (int i = 0; i < Part::kWords; ++i) {
      p.q[i] = (p.q[i] >> (within / 2 * 4) & 0x0f0f0f0f) | (high[i] >> (within * 2) & 0x03030303)
                                                               << 4;
    }
    const std::uint8_t* scales = field(w, 2, row, block, 256, 16) + piece % 8 * 2;
    for (int g = 0; g < 2; ++g) p.scale[g] = static_cast<std::int8_t>(scales[g]);
    return p;
  }
  __device__ static Factors factors(const WeightPlanes& w, std::int64_t row, std::int64_t block) {
    return {half_at(field(w, 3, row, block, 256, 2)), 0};
  }
};

/// The planes of one row, as a weight of that row alone: its fields are found without the row.
template <class F>
__device__ inline WeightPlanes row_planes(const WeightPlanes& w, std::int64_t row) {
  WeightPlanes out = w;
  const std::int64_t first = row * (w.cols / F::kElements);
#pragma unroll
  for (int p = 0; p < kMaxPlanes; ++p) {
    out.plane[p] += first * F::plane_bytes(p);
  }
  return out;
}

/// Element k of a row of floats.
template <TensorType kType>
__device__ inline float float_element(const WeightPlanes& w, std::int64_t row, std::int64_t k) {
  if constexpr (kType == TensorType::F32) {
    return reinterpret_cast<const float*>(w.plane[0])[row * w.cols + k];
  } else {
    const std::int64_t at = row * w.cols + (w.permuted ? permuted_index(k) : k);
    const std::uint16_t bits = reinterpret_cast<const std::uint16_t*>(w.plane[0])[at];
    return kType == TensorType::F16 ? numerics::half_to_float(bits)
                                    : numerics::bfloat16_to_float(bits);
  }
}

/// Calls visitor.template operator()<type>(): once a launch.
template <class Visitor>
inline void visit_type(TensorType type, Visitor&& visitor) {
  switch (type) {
    case TensorType::F32:
      return visitor.template operator()<TensorType::F32>();
    case TensorType::F16:
      return visitor.template operator()<TensorType::F16>();
    case TensorType::BF16:
      return visitor.template operator()<TensorType::BF16>();
    case TensorType::Q4_0:
      return visitor.template operator()<TensorType::Q4_0>();
    case TensorType::Q4_1:
      return visitor.template operator()<TensorType::Q4_1>();
    case TensorType::Q5_0:
      return visitor.template operator()<TensorType::Q5_0>();
    case TensorType::Q5_1:
      return visitor.template operator()<TensorType::Q5_1>();
    case TensorType::Q8_0:
      return visitor.template operator()<TensorType::Q8_0>();
    case TensorType::Q2_K:
      return visitor.template operator()<TensorType::Q2_K>();
    case TensorType::Q3_K:
      return visitor.template operator()<TensorType::Q3_K>();
    case TensorType::Q4_K:
      return visitor.template operator()<TensorType::Q4_K>();
    case TensorType::Q5_K:
      return visitor.template operator()<TensorType::Q5_K>();
    case TensorType::Q6_K:
      return visitor.template operator()<TensorType::Q6_K>();
  }
}

}  // namespace assay::cuda
