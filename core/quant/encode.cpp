#include "core/quant/encode.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/quant/blocks.h"
#include "core/quant/dequantize.h"
#include "core/quant/fit.h"

namespace assay::quant {
namespace {

using numerics::float_to_half;

int quotient(float x, float scale, int low, int high) {
  return scale == 0 ? std::clamp(0, low, high) : nearest_integer(x / scale, low, high);
}

// ---- one element

void encode_block(const float* x, BlockF32& out) {
  out.value = x[0];
}
void encode_block(const float* x, BlockF16& out) {
  out.value = float_to_half(x[0]);
}
void encode_block(const float* x, BlockBF16& out) {
  out.value = numerics::float_to_bfloat16(x[0]);
}

// ---- 32 elements

void put_nibbles(const int (&integers)[32], std::uint8_t* nibbles) {
  for (int i = 0; i < 16; ++i) {
    nibbles[i] = static_cast<std::uint8_t>((integers[i] & 15) | (integers[i + 16] & 15) << 4);
  }
}

void put_fifth_bits(const int (&integers)[32], std::uint8_t* high_bits) {
  std::memset(high_bits, 0, 4);
  for (int i = 0; i < 32; ++i) {
    high_bits[i / 8] |= static_cast<std::uint8_t>((integers[i] >> 4 & 1) << (i % 8));
  }
}

/// Integers in [0, 2 * half), `half` standing for 0.
template <class Block>
void symmetric_integers(const float* x, int half, Block& out, int (&integers)[32]) {
  float weights[32];
  magnitude_weights(x, 32, weights);
  out.scale = float_to_half(fit_symmetric(x, weights, 32, -half, half - 1));
  const float scale = out.factor();
  for (int i = 0; i < 32; ++i) integers[i] = quotient(x[i], scale, -half, half - 1) + half;
}

template <class Block>
void affine_integers(const float* x, int levels, Block& out, int (&integers)[32]) {
  float weights[32];
  magnitude_weights(x, 32, weights);
  const AffineFit fit = fit_affine(x, weights, 32, levels, true);
  out.scale = float_to_half(fit.scale);
  out.minimum = float_to_half(fit.offset);
  const float scale = out.factor();
  const float offset = -out.minimum_factor();
  for (int i = 0; i < 32; ++i) integers[i] = quotient(x[i] - offset, scale, 0, levels);
}

void encode_block(const float* x, BlockQ4_0& out) {
  int integers[32];
  symmetric_integers(x, 8, out, integers);
  put_nibbles(integers, out.nibbles);
}

void encode_block(const float* x, BlockQ5_0& out) {
  int integers[32];
  symmetric_integers(x, 16, out, integers);
  put_nibbles(integers, out.nibbles);
  put_fifth_bits(integers, out.high_bits);
}

void encode_block(const float* x, BlockQ4_1& out) {
  int integers[32];
  affine_integers(x, 15, out, integers);
  put_nibbles(integers, out.nibbles);
}

void encode_block(const float* x, BlockQ5_1& out) {
  int integers[32];
  affine_integers(x, 31, out, integers);
  put_nibbles(integers, out.nibbles);
  put_fifth_bits(integers, out.high_bits);
}

/// With 255 levels a search wins nothing: the scale covers the block.
void encode_block(const float* x, BlockQ8_0& out) {
  float most = 0;
  for (int i = 0; i < 32; ++i) most = std::max(most, std::fabs(x[i]));
  out.scale = float_to_half(most / 127.0F);
  const float scale = out.factor();
  for (int i = 0; i < 32; ++i) {
    out.values[i] = static_cast<std::int8_t>(quotient(x[i], scale, -127, 127));
  }
}

// ---- 256 elements: a fit for each group, integers for the groups' scales, then the elements

/// Scales and offsets of groups, as fractions of the largest.
template <int kGroups>
struct GroupFits {
  float scales[kGroups];
  float minima[kGroups];  ///< not negative: the offset's negative
  int scale_integers[kGroups];
  int minimum_integers[kGroups];
};

template <class Block, int kGroups = Block::kElements / Block::kGroupElements>
GroupFits<kGroups> affine_groups(const float* x, int levels, int largest, Block& out) {
  constexpr int kGroup = Block::kGroupElements;
  GroupFits<kGroups> fits;
  float most_scale = 0;
  float most_minimum = 0;
  for (int g = 0; g < kGroups; ++g) {
    float weights[kGroup];
    magnitude_weights(x + g * kGroup, kGroup, weights);
    const AffineFit fit = fit_affine(x + g * kGroup, weights, kGroup, levels, false);
    fits.scales[g] = fit.scale;
    fits.minima[g] = -fit.offset;
    most_scale = std::max(most_scale, fits.scales[g]);
    most_minimum = std::max(most_minimum, fits.minima[g]);
  }
  out.scale = float_to_half(most_scale / static_cast<float>(largest));
  out.minimum = float_to_half(most_minimum / static_cast<float>(largest));
  for (int g = 0; g < kGroups; ++g) {
    fits.scale_integers[g] = quotient(fits.scales[g], out.factor(), 0, largest);
    fits.minimum_integers[g] = quotient(fits.minima[g], out.minimum_factor(), 0, largest);
  }
  return fits;
}

template <class Block, int kGroups = Block::kElements / Block::kGroupElements>
GroupFits<kGroups> symmetric_groups(const float* x, int half, int half_scale, Block& out) {
  constexpr int kGroup = Block::kGroupElements;
  GroupFits<kGroups> fits;
  float extreme = 0;
  for (int g = 0; g < kGroups; ++g) {
    float weights[kGroup];
    magnitude_weights(x + g * kGroup, kGroup, weights);
    fits.scales[g] = fit_symmetric(x + g * kGroup, weights, kGroup, -half, half - 1);
    if (std::fabs(fits.scales[g]) > std::fabs(extreme)) extreme = fits.scales[g];
  }
  out.scale = float_to_half(extreme / static_cast<float>(-half_scale));
  for (int g = 0; g < kGroups; ++g) {
    fits.scale_integers[g] = quotient(fits.scales[g], out.factor(), -half_scale, half_scale - 1);
  }
  return fits;
}

/// The elements as integers in [low, high], once the block's scales are stored.
template <class Block>
void element_integers(const float* x, int low, int high, const Block& block, int* integers) {
  for (int i = 0; i < Block::kElements; ++i) {
    const int g = i / Block::kGroupElements;
    const float scale = block.factor() * static_cast<float>(block.group_scale(g));
    float value = x[i];
    if constexpr (Block::kHasMinimum) {
      value += block.minimum_factor() * static_cast<float>(block.group_minimum(g));
    }
    integers[i] = quotient(value, scale, low, high);
  }
}

/// Six bits each; PackedScales in blocks.h says where they lie.
void put_scales(const int* scales, const int* minima, PackedScales& out) {
  for (int g = 0; g < 4; ++g) {
    const int high = g + 4;
    out.bytes[g] = static_cast<std::uint8_t>(scales[g] | scales[high] >> 4 << 6);
    out.bytes[high] = static_cast<std::uint8_t>(minima[g] | minima[high] >> 4 << 6);
    out.bytes[g + 8] = static_cast<std::uint8_t>((scales[high] & 15) | (minima[high] & 15) << 4);
  }
}

void put_k_nibbles(const int* integers, std::uint8_t* nibbles) {
  for (int i = 0; i < 128; ++i) {
    const int at = i / 32 * 64 + i % 32;
    nibbles[i] = static_cast<std::uint8_t>((integers[at] & 15) | (integers[at + 32] & 15) << 4);
  }
}

/// Two bits an element; four elements 32 apart share a byte.
void put_pairs(const int* integers, std::uint8_t* pairs) {
  for (int i = 0; i < 64; ++i) {
    const int at = i / 32 * 128 + i % 32;
    int byte = 0;
    for (int j = 0; j < 4; ++j) byte |= (integers[at + 32 * j] & 3) << (2 * j);
    pairs[i] = static_cast<std::uint8_t>(byte);
  }
}

void encode_block(const float* x, BlockQ2_K& out) {
  const auto fits = affine_groups(x, 3, 15, out);
  for (int g = 0; g < 16; ++g) {
    out.scales[g] =
        static_cast<std::uint8_t>(fits.scale_integers[g] | fits.minimum_integers[g] << 4);
  }
  int integers[256];
  element_integers(x, 0, 3, out, integers);
  put_pairs(integers, out.pairs);
}

void encode_block(const float* x, BlockQ3_K& out) {
  const auto fits = symmetric_groups(x, 4, 32, out);
  std::memset(out.scales, 0, sizeof(out.scales));
  for (int g = 0; g < 16; ++g) {
    const int scale = fits.scale_integers[g] + 32;
    out.scales[g % 8] |= static_cast<std::uint8_t>((scale & 15) << (g / 8 * 4));
    out.scales[8 + g % 4] |= static_cast<std::uint8_t>(scale >> 4 << (g / 4 * 2));
  }
  int integers[256];
  element_integers(x, -4, 3, out, integers);
  std::memset(out.high_bits, 0, sizeof(out.high_bits));
  for (int i = 0; i < 256; ++i) {
    integers[i] += 4;
    out.high_bits[i % 32] |= static_cast<std::uint8_t>((integers[i] >> 2) << (i / 32));
  }
  put_pairs(integers, out.pairs);
}

void encode_block(const float* x, BlockQ4_K& out) {
  const auto fits = affine_groups(x, 15, 63, out);
  put_scales(fits.scale_integers, fits.minimum_integers, out.packed);
  int integers[256];
  element_integers(x, 0, 15, out, integers);
  put_k_nibbles(integers, out.nibbles);
}

void encode_block(const float* x, BlockQ5_K& out) {
  const auto fits = affine_groups(x, 31, 63, out);
  put_scales(fits.scale_integers, fits.minimum_integers, out.packed);
  int integers[256];
  element_integers(x, 0, 31, out, integers);
  put_k_nibbles(integers, out.nibbles);
  std::memset(out.high_bits, 0, sizeof(out.high_bits));
  for (int i = 0; i < 256; ++i) {
    out.high_bits[i % 32] |= static_cast<std::uint8_t>((integers[i] >> 4) << (i / 32));
  }
}

void encode_block(const float* x, BlockQ6_K& out) {
  const auto fits = symmetric_groups(x, 32, 128, out);
  for (int g = 0; g < 16; ++g) out.scales[g] = static_cast<std::int8_t>(fits.scale_integers[g]);
  int integers[256];
  element_integers(x, -32, 31, out, integers);
  for (int& integer : integers) integer += 32;
  for (int i = 0; i < 128; ++i) {
    const int at = i / 64 * 128 + i % 64;
    out.nibbles[i] = static_cast<std::uint8_t>((integers[at] & 15) | (integers[at + 64] & 15) << 4);
  }
  for (int i = 0; i < 64; ++i) {
    const int at = i / 32 * 128 + i % 32;
    int byte = 0;
    for (int j = 0; j < 4; ++j) byte |= (integers[at + 32 * j] >> 4) << (2 * j);
    out.high_pairs[i] = static_cast<std::uint8_t>(byte);
  }
}

}  // namespace

void encode_row(TensorType type, const float* x, std::int64_t n, std::byte* out) {
  ASSAY_ASSERT(n % block_layout(type).elements == 0);
  visit_block(type, [&]<class Block>() {
    for (std::int64_t i = 0; i < n; i += Block::kElements, out += sizeof(Block)) {
      Block block;
      encode_block(x + i, block);
      std::memcpy(out, &block, sizeof(Block));
    }
  });
}

}  // namespace assay::quant
