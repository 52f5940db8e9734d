// The block formats of GGUF's quantised types, and each block's dequantisation, equal bit for bit
// to PyPI gguf's numpy reference (gguf.quants): the same products and sums in fp32, in the same
// order.
//
// The layouts are those of ggml's GGUF files: little-endian, no padding, 2-byte alignment at most.
// A format is a struct with kElements and `dequantize(float* out)`; rows are read through memcpy,
// so the bytes may lie at any address.
#pragma once

#include <cstdint>

#include "core/numerics/half.h"

namespace assay::quant {
inline namespace ASSAY_ISA {

using numerics::half_to_float;

struct BlockF32 {
  static constexpr int kElements = 1;
  float value;
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const { out[0] = value; }
};

struct BlockF16 {
  static constexpr int kElements = 1;
  std::uint16_t value;
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const { out[0] = half_to_float(value); }
};

struct BlockBF16 {
  static constexpr int kElements = 1;
  std::uint16_t value;
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    out[0] = numerics::bfloat16_to_float(value);
  }
};

// The 32-element types hold element i in the low half of byte i and element i + 16 in its high
// half.

struct BlockQ4_0 {
  static constexpr int kElements = 32;
  std::uint16_t scale;  ///< fp16
  std::uint8_t nibbles[16];
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>((nibbles[i] & 15) - 8);
      out[i + 16] = d * static_cast<float>((nibbles[i] >> 4) - 8);
    }
  }
};

struct BlockQ4_1 {
  static constexpr int kElements = 32;
  std::uint16_t scale;    ///< fp16
  std::uint16_t minimum;  ///< fp16
  std::uint8_t nibbles[16];
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    const float m = half_to_float(minimum);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(nibbles[i] & 15) + m;
      out[i + 16] = d * static_cast<float>(nibbles[i] >> 4) + m;
    }
  }
};

/// Bit `i` of four little-endian bytes, as 0 or 16: the fifth bit of element i.
ASSAY_HD inline int fifth_bit(const std::uint8_t* high_bits, int i) {
  return (high_bits[i / 8] >> (i % 8) & 1) << 4;
}

struct BlockQ5_0 {
  static constexpr int kElements = 32;
  std::uint16_t scale;  ///< fp16
  std::uint8_t high_bits[4];
  std::uint8_t nibbles[16];
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    for (int i = 0; i < 16; ++i) {
      const int low = (nibbles[i] & 15) | fifth_bit(high_bits, i);
      const int high = nibbles[i] >> 4 | fifth_bit(high_bits, i + 16);
      out[i] = d * static_cast<float>(low - 16);
      out[i + 16] = d * static_cast<float>(high - 16);
    }
  }
};

struct BlockQ5_1 {
  static constexpr int kElements = 32;
  std::uint16_t scale;    ///< fp16
  std::uint16_t minimum;  ///< fp16
  std::uint8_t high_bits[4];
  std::uint8_t nibbles[16];
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    const float m = half_to_float(minimum);
    for (int i = 0; i < 16; ++i) {
      const int low = (nibbles[i] & 15) | fifth_bit(high_bits, i);
      const int high = nibbles[i] >> 4 | fifth_bit(high_bits, i + 16);
      out[i] = d * static_cast<float>(low) + m;
      out[i + 16] = d * static_cast<float>(high) + m;
    }
  }
};

struct BlockQ8_0 {
  static constexpr int kElements = 32;
  std::uint16_t scale;  ///< fp16
  std::int8_t values[32];
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(values[i]) * d;
  }
};

// The K types hold 256 elements in groups of 16 or 32, each with a small integer scale of its own.

struct BlockQ2_K {
  static constexpr int kElements = 256;
  std::uint8_t scales[16];  ///< of 16 elements: scale in the low half, minimum in the high half
  std::uint8_t pairs[64];   ///< 2 bits an element: 4 elements 32 apart share a byte
  std::uint16_t scale;      ///< fp16, of the scales
  std::uint16_t minimum;    ///< fp16, of the minima
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    const float dmin = half_to_float(minimum);
    for (int group = 0; group < 16; ++group) {
      const float dl = d * static_cast<float>(scales[group] & 15);
      const float ml = dmin * static_cast<float>(scales[group] >> 4);
      const std::uint8_t* bytes = pairs + group / 8 * 32 + group % 2 * 16;
      const int shift = group % 8 / 2 * 2;
      for (int i = 0; i < 16; ++i) {
        out[group * 16 + i] = dl * static_cast<float>(bytes[i] >> shift & 3) - ml;
      }
    }
  }
};

struct BlockQ3_K {
  static constexpr int kElements = 256;
  std::uint8_t high_bits[32];  ///< bit g of byte i: element 32 g + i; a set bit adds 4
  std::uint8_t pairs[64];      ///< as in Q2_K
  std::uint8_t scales[12];     ///< sixteen 6-bit scales, offset by 32
  std::uint16_t scale;         ///< fp16
  /// Low 4 bits: nibbles of bytes 0..7; high 2 bits: pairs of bytes 8..11.
  ASSAY_HD int group_scale(int group) const {
    const int low = scales[group % 8] >> (group / 8 * 4) & 15;
    const int high = scales[8 + group % 4] >> (group / 4 * 2) & 3;
    return (low | high << 4) - 32;
  }
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    for (int group = 0; group < 16; ++group) {
      const float dl = d * static_cast<float>(group_scale(group));
      const std::uint8_t* bytes = pairs + group / 8 * 32 + group % 2 * 16;
      const std::uint8_t* high = high_bits + group % 2 * 16;
      const int shift = group % 8 / 2 * 2;
      for (int i = 0; i < 16; ++i) {
        const int q = (bytes[i] >> shift & 3) + (high[i] >> (group / 2) & 1) * 4 - 4;
        out[group * 16 + i] = dl * static_cast<float>(q);
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
  std::uint16_t scale;        ///< fp16, of the scales
  std::uint16_t minimum;      ///< fp16, of the minima
  PackedScales packed;        ///< of groups of 32
  std::uint8_t nibbles[128];  ///< groups 2p and 2p + 1 in the low and high halves of bytes 32p ..
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    const float dmin = half_to_float(minimum);
    for (int pair = 0; pair < 4; ++pair) {
      const float low_scale = d * static_cast<float>(packed.scale(2 * pair));
      const float low_minimum = dmin * static_cast<float>(packed.minimum(2 * pair));
      const float high_scale = d * static_cast<float>(packed.scale(2 * pair + 1));
      const float high_minimum = dmin * static_cast<float>(packed.minimum(2 * pair + 1));
      const std::uint8_t* bytes = nibbles + pair * 32;
      float* low = out + pair * 64;
      float* high = low + 32;
      for (int i = 0; i < 32; ++i) {
        low[i] = low_scale * static_cast<float>(bytes[i] & 15) - low_minimum;
        high[i] = high_scale * static_cast<float>(bytes[i] >> 4) - high_minimum;
      }
    }
  }
};

struct BlockQ5_K {
  static constexpr int kElements = 256;
  std::uint16_t scale;         ///< fp16, of the scales
  std::uint16_t minimum;       ///< fp16, of the minima
  PackedScales packed;         ///< of groups of 32
  std::uint8_t high_bits[32];  ///< bit g of byte i: the fifth bit of element 32 g + i
  std::uint8_t nibbles[128];   ///< as in Q4_K
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    const float dmin = half_to_float(minimum);
    for (int pair = 0; pair < 4; ++pair) {
      const float low_scale = d * static_cast<float>(packed.scale(2 * pair));
      const float low_minimum = dmin * static_cast<float>(packed.minimum(2 * pair));
      const float high_scale = d * static_cast<float>(packed.scale(2 * pair + 1));
      const float high_minimum = dmin * static_cast<float>(packed.minimum(2 * pair + 1));
      const std::uint8_t* bytes = nibbles + pair * 32;
      float* low = out + pair * 64;
      float* high = low + 32;
      for (int i = 0; i < 32; ++i) {
        const int fifth = high_bits[i] >> (2 * pair);
        const int low_value = (bytes[i] & 15) | (fifth & 1) << 4;
        const int high_value = bytes[i] >> 4 | (fifth & 2) << 3;
        low[i] = low_scale * static_cast<float>(low_value) - low_minimum;
        high[i] = high_scale * static_cast<float>(high_value) - high_minimum;
      }
    }
  }
};

struct BlockQ6_K {
  static constexpr int kElements = 256;
  std::uint8_t nibbles[128];    ///< per half of 128 elements: 64 bytes, elements 64 apart share one
  std::uint8_t high_pairs[64];  ///< per half: 32 bytes, elements 32 apart share one
  std::int8_t scales[16];       ///< of 16 elements
  std::uint16_t scale;          ///< fp16
  ASSAY_HD void dequantize(float* ASSAY_RESTRICT out) const {
    const float d = half_to_float(scale);
    for (int group = 0; group < 16; ++group) {
      const float dl = d * static_cast<float>(scales[group]);
      const int within = group % 8;  // of its half
      const std::uint8_t* low = nibbles + group / 8 * 64 + within % 4 * 16;
      const std::uint8_t* high = high_pairs + group / 8 * 32 + within % 2 * 16;
      const int low_shift = within / 4 * 4;
      const int high_shift = within / 2 * 2;
      for (int i = 0; i < 16; ++i) {
        const int q = (low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4;
        out[group * 16 + i] = dl * static_cast<float>(q - 32);
      }
    }
  }
};

}  // namespace ASSAY_ISA
}  // namespace assay::quant
