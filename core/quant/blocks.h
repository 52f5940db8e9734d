// The block formats of GGUF's quantised types, as integers with factors. Element i of a block, in
// group g = i / kGroupElements, is
//     factor() * group_scale(g) * integer_i - minimum_factor() * group_minimum(g)
// (without the second term unless kHasMinimum). Dequantisation computes just that, product by
// product, and is equal bit for bit to PyPI gguf's numpy reference (gguf.quants); exact/1
// (exact_dot.h) sums the integers and applies the factors afterwards.
//
// The layouts are those of ggml's GGUF files: little-endian, no padding, 2-byte alignment at most.
// Blocks are read through memcpy, so the bytes may lie at any address.
#pragma once

#include <cstdint>

#include "core/numerics/half.h"

namespace assay::quant {
inline namespace ASSAY_ISA {

using numerics::half_to_float;

/// One float as a block of one element: no integers.
struct BlockF32 {
  static constexpr int kElements = 1;
  float value;
  ASSAY_HD float to_float() const { return value; }
};

struct BlockF16 {
  static constexpr int kElements = 1;
  std::uint16_t value;
  ASSAY_HD float to_float() const { return half_to_float(value); }
};

struct BlockBF16 {
  static constexpr int kElements = 1;
  std::uint16_t value;
  ASSAY_HD float to_float() const { return numerics::bfloat16_to_float(value); }
};

/// What the 32-element types have in common: one group, without integer factors.
struct OneGroup {
  static constexpr int kElements = 32;
  static constexpr int kGroupElements = 32;
  ASSAY_HD static constexpr int group_scale(int /*group*/) { return 1; }
  ASSAY_HD static constexpr int group_minimum(int /*group*/) { return 1; }
};

// They hold element i in the low half of byte i and element i + 16 in its high half.

struct BlockQ4_0 : OneGroup {
  static constexpr bool kHasMinimum = false;
  std::uint16_t scale;  ///< fp16
  std::uint8_t nibbles[16];
  ASSAY_HD float factor() const { return half_to_float(scale); }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<std::int8_t>((nibbles[i] & 15) - 8);
      out[i + 16] = static_cast<std::int8_t>((nibbles[i] >> 4) - 8);
    }
  }
};

struct BlockQ4_1 : OneGroup {
  static constexpr bool kHasMinimum = true;
  std::uint16_t scale;    ///< fp16
  std::uint16_t minimum;  ///< fp16; added, so its factor is the negative
  std::uint8_t nibbles[16];
  ASSAY_HD float factor() const { return half_to_float(scale); }
  ASSAY_HD float minimum_factor() const { return -half_to_float(minimum); }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<std::int8_t>(nibbles[i] & 15);
      out[i + 16] = static_cast<std::int8_t>(nibbles[i] >> 4);
    }
  }
};

/// Bit `i` of four little-endian bytes, as 0 or 16: the fifth bit of element i.
ASSAY_HD inline int fifth_bit(const std::uint8_t* high_bits, int i) {
  return (high_bits[i / 8] >> (i % 8) & 1) << 4;
}

struct BlockQ5_0 : OneGroup {
  static constexpr bool kHasMinimum = false;
  std::uint16_t scale;  ///< fp16
  std::uint8_t high_bits[4];
  std::uint8_t nibbles[16];
  ASSAY_HD float factor() const { return half_to_float(scale); }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    for (int i = 0; i < 16; ++i) {
      const int low = (nibbles[i] & 15) | fifth_bit(high_bits, i);
      const int high = nibbles[i] >> 4 | fifth_bit(high_bits, i + 16);
      out[i] = static_cast<std::int8_t>(low - 16);
      out[i + 16] = static_cast<std::int8_t>(high - 16);
    }
  }
};

struct BlockQ5_1 : OneGroup {
  static constexpr bool kHasMinimum = true;
  std::uint16_t scale;    ///< fp16
  std::uint16_t minimum;  ///< fp16; added, so its factor is the negative
  std::uint8_t high_bits[4];
  std::uint8_t nibbles[16];
  ASSAY_HD float factor() const { return half_to_float(scale); }
  ASSAY_HD float minimum_factor() const { return -half_to_float(minimum); }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<std::int8_t>((nibbles[i] & 15) | fifth_bit(high_bits, i));
      out[i + 16] = static_cast<std::int8_t>(nibbles[i] >> 4 | fifth_bit(high_bits, i + 16));
    }
  }
};

struct BlockQ8_0 : OneGroup {
  static constexpr bool kHasMinimum = false;
  std::uint16_t scale;  ///< fp16
  std::int8_t values[32];
  ASSAY_HD float factor() const { return half_to_float(scale); }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    __builtin_memcpy(out, values, sizeof(values));
  }
};

// The K types hold 256 elements in groups of 16 or 32, each with a small integer scale of its own.

struct BlockQ2_K {
  static constexpr int kElements = 256;
  static constexpr int kGroupElements = 16;
  static constexpr bool kHasMinimum = true;
  std::uint8_t scales[16];  ///< of 16 elements: scale in the low half, minimum in the high half
  std::uint8_t pairs[64];   ///< 2 bits an element: 4 elements 32 apart share a byte
  std::uint16_t scale;      ///< fp16, of the scales
  std::uint16_t minimum;    ///< fp16, of the minima
  ASSAY_HD float factor() const { return half_to_float(scale); }
  ASSAY_HD float minimum_factor() const { return half_to_float(minimum); }
  ASSAY_HD int group_scale(int group) const { return scales[group] & 15; }
  ASSAY_HD int group_minimum(int group) const { return scales[group] >> 4; }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    for (int group = 0; group < 16; ++group) {
      const std::uint8_t* bytes = pairs + group / 8 * 32 + group % 2 * 16;
      const int shift = group % 8 / 2 * 2;
      for (int i = 0; i < 16; ++i) {
        out[group * 16 + i] = static_cast<std::int8_t>(bytes[i] >> shift & 3);
      }
    }
  }
};

struct BlockQ3_K {
  static constexpr int kElements = 256;
  static constexpr int kGroupElements = 16;
  static constexpr bool kHasMinimum = false;
  std::uint8_t high_bits[32];  ///< bit g of byte i: element 32 g + i; a set bit adds 4
  std::uint8_t pairs[64];      ///< as in Q2_K
  std::uint8_t scales[12];     ///< sixteen 6-bit scales, offset by 32
  std::uint16_t scale;         ///< fp16
  ASSAY_HD float factor() const { return half_to_float(scale); }
  /// Low 4 bits: nibbles of bytes 0..7; high 2 bits: pairs of bytes 8..11.
  ASSAY_HD int group_scale(int group) const {
    const int low = scales[group % 8] >> (group / 8 * 4) & 15;
    const int high = scales[8 + group % 4] >> (group / 4 * 2) & 3;
    return (low | high << 4) - 32;
  }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    for (int group = 0; group < 16; ++group) {
      const std::uint8_t* bytes = pairs + group / 8 * 32 + group % 2 * 16;
      const std::uint8_t* high = high_bits + group % 2 * 16;
      const int shift = group % 8 / 2 * 2;
      for (int i = 0; i < 16; ++i) {
        const int bit = high[i] >> (group / 2) & 1;
        out[group * 16 + i] = static_cast<std::int8_t>((bytes[i] >> shift & 3) + bit * 4 - 4);
      }
    }
  }
};

/// The eight 6-bit scales and minima of Q4_K and Q5_K.
struct PackedScales {
  std::uint8_t bytes[12];
  ASSAY_HD int scale(int group) const {
    return group < 4 ? bytes[group] & 63 : (bytes[group + 4] & 15) | (bytes[group - 4] >> 6 << 4);
  }
  ASSAY_HD int minimum(int group) const {
    return group < 4 ? bytes[group + 4] & 63 : bytes[group + 4] >> 4 | (bytes[group] >> 6 << 4);
  }
};

struct BlockQ4_K {
  static constexpr int kElements = 256;
  static constexpr int kGroupElements = 32;
  static constexpr bool kHasMinimum = true;
  std::uint16_t scale;        ///< fp16, of the scales
  std::uint16_t minimum;      ///< fp16, of the minima
  PackedScales packed;        ///< of groups of 32
  std::uint8_t nibbles[128];  ///< groups 2p and 2p + 1 in the low and high halves of bytes 32p ..
  ASSAY_HD float factor() const { return half_to_float(scale); }
  ASSAY_HD float minimum_factor() const { return half_to_float(minimum); }
  ASSAY_HD int group_scale(int group) const { return packed.scale(group); }
  ASSAY_HD int group_minimum(int group) const { return packed.minimum(group); }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    for (int pair = 0; pair < 4; ++pair) {
      const std::uint8_t* bytes = nibbles + pair * 32;
      for (int i = 0; i < 32; ++i) {
        out[pair * 64 + i] = static_cast<std::int8_t>(bytes[i] & 15);
        out[pair * 64 + 32 + i] = static_cast<std::int8_t>(bytes[i] >> 4);
      }
    }
  }
};

struct BlockQ5_K {
  static constexpr int kElements = 256;
  static constexpr int kGroupElements = 32;
  static constexpr bool kHasMinimum = true;
  std::uint16_t scale;         ///< fp16, of the scales
  std::uint16_t minimum;       ///< fp16, of the minima
  PackedScales packed;         ///< of groups of 32
  std::uint8_t high_bits[32];  ///< bit g of byte i: the fifth bit of element 32 g + i
  std::uint8_t nibbles[128];   ///< as in Q4_K
  ASSAY_HD float factor() const { return half_to_float(scale); }
  ASSAY_HD float minimum_factor() const { return half_to_float(minimum); }
  ASSAY_HD int group_scale(int group) const { return packed.scale(group); }
  ASSAY_HD int group_minimum(int group) const { return packed.minimum(group); }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    for (int pair = 0; pair < 4; ++pair) {
      const std::uint8_t* bytes = nibbles + pair * 32;
      for (int i = 0; i < 32; ++i) {
        const int fifth = high_bits[i] >> (2 * pair);
        out[pair * 64 + i] = static_cast<std::int8_t>((bytes[i] & 15) | (fifth & 1) << 4);
        out[pair * 64 + 32 + i] = static_cast<std::int8_t>(bytes[i] >> 4 | (fifth & 2) << 3);
      }
    }
  }
};

struct BlockQ6_K {
  static constexpr int kElements = 256;
  static constexpr int kGroupElements = 16;
  static constexpr bool kHasMinimum = false;
  std::uint8_t nibbles[128];    ///< per half of 128 elements: 64 bytes, elements 64 apart share one
  std::uint8_t high_pairs[64];  ///< per half: 32 bytes, elements 32 apart share one
  std::int8_t scales[16];       ///< of 16 elements
  std::uint16_t scale;          ///< fp16
  ASSAY_HD float factor() const { return half_to_float(scale); }
  ASSAY_HD int group_scale(int group) const { return scales[group]; }
  ASSAY_HD void integers(std::int8_t* ASSAY_RESTRICT out) const {
    for (int group = 0; group < 16; ++group) {
      const int within = group % 8;  // of its half
      const std::uint8_t* low = nibbles + group / 8 * 64 + within % 4 * 16;
      const std::uint8_t* high = high_pairs + group / 8 * 32 + within % 2 * 16;
      const int low_shift = within / 4 * 4;
      const int high_shift = within / 2 * 2;
      for (int i = 0; i < 16; ++i) {
        const int q = (low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4;
        out[group * 16 + i] = static_cast<std::int8_t>(q - 32);
      }
    }
  }
};

/// A block whose integers are known, in fp32: out[0 .. kElements-1].
template <class Block>
ASSAY_HD inline void dequantize(const Block& block, const std::int8_t* ASSAY_RESTRICT integers,
                                float* ASSAY_RESTRICT out) {
  constexpr int kGroup = Block::kGroupElements;
  const float factor = block.factor();
  for (int group = 0; group < Block::kElements / kGroup; ++group) {
    const float scale = factor * static_cast<float>(block.group_scale(group));
    const std::int8_t* values = integers + group * kGroup;
    float* to = out + group * kGroup;
    if constexpr (Block::kHasMinimum) {
      const float minimum = block.minimum_factor() * static_cast<float>(block.group_minimum(group));
      for (int i = 0; i < kGroup; ++i) to[i] = scale * static_cast<float>(values[i]) - minimum;
    } else {
      for (int i = 0; i < kGroup; ++i) to[i] = scale * static_cast<float>(values[i]);
    }
  }
}

/// One block in fp32.
template <class Block>
ASSAY_HD inline void dequantize(const Block& block, float* ASSAY_RESTRICT out) {
  if constexpr (Block::kElements == 1) {
    out[0] = block.to_float();
  } else {
    std::int8_t integers[Block::kElements];
    block.integers(integers);
    dequantize(block, integers, out);
  }
}

}  // namespace ASSAY_ISA
}  // namespace assay::quant
