// One variant of the bits (bits.h): ASSAY_BITS_FUNCTION names the function that this copy defines.
// No standard library in here: its inline functions would escape this unit's instruction set.
#include "tests/core/numerics/bits.h"

#include "core/numerics/angle.h"
#include "core/numerics/attention.h"
#include "core/numerics/half.h"
#include "core/numerics/hash.h"
#include "core/numerics/norm.h"
#include "core/numerics/rope.h"
#include "core/numerics/sampler.h"
#include "core/quant/dequantize.h"
#include "core/quant/exact_dot.h"

namespace assay::testing {
namespace {

namespace num = ::assay::numerics;

constexpr int kWidth = 1061;  // two chunks of 512, two full steps of 16 and a tail of 5

struct Random {
  std::uint64_t state;
  std::uint64_t next() { return num::scramble64(state += 0x9e3779b97f4a7c15ULL); }
  /// Uniform in [low, high), on a grid of 2^-24 of the range.
  float uniform(float low, float high) {
    return low + (high - low) * (static_cast<float>(next() >> 40) * 0x1p-24F);
  }
  /// Either sign, magnitudes from 2^-20 to 2^12: sums that depend on their order.
  float wide() {
    const std::uint64_t bits = next();
    const auto exponent = static_cast<std::uint32_t>(107 + bits % 33);
    return num::float_of(static_cast<std::uint32_t>(bits >> 32 & 0x80000000U) | exponent << 23 |
                         static_cast<std::uint32_t>(bits >> 9 & 0x007fffffU));
  }
};

struct Hash {
  std::uint64_t value = 0;
  void add(std::uint64_t bits) { value = num::scramble64(value + 1) ^ num::scramble64(bits); }
  void add(float x) { add(static_cast<std::uint64_t>(num::bits_of(x))); }
  void add(double x) { add(num::bits_of(x)); }
};

std::uint64_t exp_bits() {
  Random random{1};
  Hash hash;
  for (const float x : {0.0F, -0.0F, -87.33F, -87.34F, 88.72283F, 88.73F, 1e30F, -1e30F}) {
    hash.add(num::exp(x));
  }
  for (int i = 0; i < 20000; ++i) hash.add(num::exp(random.uniform(-90, 90)));
  for (int i = 0; i < 20000; ++i) hash.add(num::exp(random.wide()));
  return hash.value;
}

std::uint64_t log_bits() {
  Random random{2};
  Hash hash;
  for (int i = 0; i < 20000; ++i) {
    hash.add(num::log((static_cast<double>(random.next() >> 32) + 0.5) * 0x1p-32));
    hash.add(num::log(
        num::double_of((random.next() >> 2) % 0x7fe0000000000000ULL + 0x0010000000000000ULL)));
  }
  return hash.value;
}

std::uint64_t silu_bits() {
  Random random{3};
  Hash hash;
  for (int i = 0; i < 20000; ++i) {
    const float gate = random.wide();
    const float up = random.wide();
    hash.add(num::swiglu(gate, up));
  }
  return hash.value;
}

std::uint64_t reciprocal_sqrt_bits() {
  Random random{4};
  Hash hash;
  for (int i = 0; i < 20000; ++i) {
    const float x = random.wide();
    hash.add(num::reciprocal_sqrt(x < 0 ? -x : x));
  }
  return hash.value;
}

std::uint64_t half_bits() {
  Hash hash;
  for (std::uint32_t i = 0; i < 0x7c00; ++i) {  // every finite half, and what lies around it
    const float x = num::half_to_float(static_cast<std::uint16_t>(i));
    hash.add(x);
    for (const std::uint32_t step : {0U, 1U, 0xfffU, 0x1000U, 0x1001U}) {
      hash.add(
          static_cast<std::uint64_t>(num::float_to_half(-num::float_of(num::bits_of(x) + step))));
    }
  }
  return hash.value;
}

std::uint64_t bfloat16_bits() {
  Random random{5};
  Hash hash;
  for (int i = 0; i < 20000; ++i) {
    const std::uint16_t value = num::float_to_bfloat16(random.wide());
    hash.add(static_cast<std::uint64_t>(value));
    hash.add(num::bfloat16_to_float(value));
  }
  return hash.value;
}

std::uint64_t dot_bits() {
  Random random{6};
  Hash hash;
  float a[kWidth];
  float b[kWidth];
  for (int n = 0; n <= kWidth; ++n) {
    if (n < kWidth) {
      a[n] = random.wide();
      b[n] = random.wide();
    }
    hash.add(num::dot(a, b, n));
    hash.add(num::sum(a, n));
  }
  return hash.value;
}

std::uint64_t rms_norm_bits() {
  Random random{7};
  Hash hash;
  float x[kWidth];
  float gain[kWidth];
  float out[kWidth];
  for (const int n : {1, 15, 16, 17, 511, 512, 513, kWidth}) {
    for (int i = 0; i < n; ++i) x[i] = random.wide();
    for (int i = 0; i < n; ++i) gain[i] = random.uniform(0.5F, 2);
    num::rms_norm(x, gain, 1e-5F, n, out);
    for (int i = 0; i < n; ++i) hash.add(out[i]);
  }
  return hash.value;
}

std::uint64_t sin_cos_bits() {
  Random random{8};
  Hash hash;
  for (int i = 0; i < 20000; ++i) {
    const auto position = static_cast<double>(random.next() % 131072);
    const double fraction = static_cast<double>(random.next() % 64) / 64;
    const num::SinCos value = num::sin_cos(position * num::power(1e6, -fraction));
    hash.add(value.sin);
    hash.add(value.cos);
  }
  return hash.value;
}

std::uint64_t rotate_head_bits() {
  Random random{9};
  Hash hash;
  float head[128];
  float cos[64];
  float sin[64];
  for (int round = 0; round < 64; ++round) {
    for (float& value : head) value = random.wide();
    for (float& value : cos) value = random.uniform(-1, 1);
    for (float& value : sin) value = random.uniform(-1, 1);
    num::rotate_head(head, cos, sin, 64, round % 2 == 0);
    for (const float value : head) hash.add(value);
  }
  return hash.value;
}

std::uint64_t attention_bits() {
  constexpr int kHeadDim = 48;
  Random random{10};
  Hash hash;
  float q[kHeadDim];
  float k[kHeadDim * num::kSplitPositions];
  float v[num::kSplitPositions * kHeadDim];
  float o[kHeadDim];
  float next[kHeadDim];
  num::SoftmaxState state;
  for (int n = 1; n <= num::kSplitPositions; ++n) {
    for (float& value : q) value = random.uniform(-2, 2);
    for (float& value : k) value = random.uniform(-2, 2);
    for (float& value : v) value = random.wide();
    const num::SoftmaxState split =
        num::attend_split(q, k, v, n, kHeadDim, num::attention_scale(kHeadDim), next);
    if (n == 1) {
      state = split;
      for (int d = 0; d < kHeadDim; ++d) o[d] = next[d];
    } else {
      num::merge_split(split, next, kHeadDim, &state, o);
    }
    num::finish_attention(state, o, kHeadDim, next);
    for (const float value : next) hash.add(value);
  }
  return hash.value;
}

std::uint64_t gumbel_bits() {
  Hash hash;
  for (std::uint32_t i = 0; i < 20000; ++i)
    hash.add(num::gumbel_noise(0x1fedcba987654321, i, i * 7));
  return hash.value;
}

std::uint64_t token_weight_bits() {
  Random random{11};
  Hash hash;
  for (int i = 0; i < 20000; ++i) {
    hash.add(num::token_weight(-30.0 * static_cast<double>(random.next() >> 11) * 0x1p-53));
  }
  return hash.value;
}

/// Finite scales only: which of two NaNs survives an operation is the compiler's choice.
template <class Block>
void add_blocks(Random* random, Hash* hash) {
  float out[256];
  for (int round = 0; round < 64; ++round) {
    std::byte bytes[sizeof(Block)];
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random->next());
    quant::dequantize_blocks<Block>(bytes, out, Block::kElements);
    bool finite = true;
    for (int i = 0; i < Block::kElements; ++i) finite = finite && num::is_finite(out[i]);
    for (int i = 0; finite && i < Block::kElements; ++i) hash->add(out[i]);
  }
}

std::uint64_t dequantize_bits() {
  Random random{12};
  Hash hash;
  for (const TensorType type :
       {TensorType::F32, TensorType::F16, TensorType::BF16, TensorType::Q4_0, TensorType::Q4_1,
        TensorType::Q5_0, TensorType::Q5_1, TensorType::Q8_0, TensorType::Q2_K, TensorType::Q3_K,
        TensorType::Q4_K, TensorType::Q5_K, TensorType::Q6_K}) {
    quant::visit_block(type, [&]<class Block>() { add_blocks<Block>(&random, &hash); });
  }
  return hash.value;
}

void add_row(const std::byte* row, const quant::ActivationLayout& layout, Hash* hash) {
  const quant::ActivationRow view(row, layout);
  for (std::int64_t i = 0; i < layout.n; ++i) {
    hash->add(static_cast<std::uint64_t>(static_cast<std::uint8_t>(view.integers[i])));
  }
  for (std::int64_t i = 0; i < layout.n / quant::kSumElements; ++i) {
    hash->add(static_cast<std::uint64_t>(static_cast<std::uint16_t>(view.sums[i])));
  }
  for (std::int64_t i = 0; i < layout.n / layout.block; ++i) hash->add(view.factors[i]);
}

constexpr int kExactWidth = 1280;  // two chunks and a half

std::uint64_t quantize_bits() {
  Random random{13};
  Hash hash;
  float x[kExactWidth];
  alignas(64) std::byte row[4 * kExactWidth];
  for (const int block : {32, 256}) {
    const quant::ActivationLayout layout(kExactWidth, block);
    for (int round = 0; round < 32; ++round) {
      for (float& value : x) value = random.wide();
      // Ties: multiples of half a step; and blocks at the edge of what counts as zero.
      for (int i = 0; i < 32; ++i) x[i] = static_cast<float>(i * 8 - 127) * 0.5F;
      for (int i = 256; i < 512; ++i) x[i] = round % 2 == 0 ? 0x1p-80F : 0x1.fffffep-81F;
      quant::quantize_row(x, layout, row);
      add_row(row, layout, &hash);
    }
  }
  return hash.value;
}

/// A block of random bytes whose factors are finite.
template <class Block>
void random_block(Random* random, std::byte* bytes) {
  while (true) {
    for (std::size_t i = 0; i < sizeof(Block); ++i) {
      bytes[i] = static_cast<std::byte>(random->next());
    }
    Block block;
    __builtin_memcpy(&block, bytes, sizeof(Block));
    bool finite = num::is_finite(block.factor());
    if constexpr (Block::kHasMinimum) finite = finite && num::is_finite(block.minimum_factor());
    if (finite) return;
  }
}

template <class Block>
void add_exact_dots(Random* random, Hash* hash) {
  float x[kExactWidth];
  std::byte weights[kExactWidth / Block::kElements * sizeof(Block)];
  alignas(64) std::byte row[4 * kExactWidth];
  for (std::int64_t n = Block::kElements; n <= kExactWidth; n += Block::kElements) {
    const quant::ActivationLayout layout(n, Block::kElements);
    for (std::int64_t i = 0; i < n; ++i) x[i] = random->wide();
    for (std::int64_t i = 0; i < n / Block::kElements; ++i) {
      random_block<Block>(random, weights + i * static_cast<std::int64_t>(sizeof(Block)));
    }
    quant::quantize_row(x, layout, row);
    std::int8_t integers[kExactWidth];
    quant::row_integers<Block>(weights, n, integers);
    hash->add(quant::exact_dot<Block>(weights, integers, quant::ActivationRow(row, layout), n));
  }
}

std::uint64_t exact_dot_bits() {
  Random random{14};
  Hash hash;
  for (const TensorType type :
       {TensorType::Q4_0, TensorType::Q4_1, TensorType::Q5_0, TensorType::Q5_1, TensorType::Q8_0,
        TensorType::Q2_K, TensorType::Q3_K, TensorType::Q4_K, TensorType::Q5_K, TensorType::Q6_K}) {
    quant::visit_block(type, [&]<class Block>() {
      if constexpr (Block::kElements > 1) add_exact_dots<Block>(&random, &hash);
    });
  }
  return hash.value;
}

}  // namespace

BitsHashes ASSAY_BITS_FUNCTION() {
  return {{exp_bits(), log_bits(), silu_bits(), reciprocal_sqrt_bits(), half_bits(),
           bfloat16_bits(), dot_bits(), rms_norm_bits(), sin_cos_bits(), rotate_head_bits(),
           attention_bits(), gumbel_bits(), token_weight_bits(), dequantize_bits(), quantize_bits(),
           exact_dot_bits()}};
}

}  // namespace assay::testing
