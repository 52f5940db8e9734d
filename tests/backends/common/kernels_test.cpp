// Kernels of every level against core/numerics and core/quant on inputs that a model rarely sees.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "backends/common/kernel_table.h"
#include "core/numerics/functions.h"
#include "core/numerics/half.h"
#include "core/quant/dequantize.h"
#include "tests/backends/common/host_levels.h"

namespace assay::host {
namespace {

std::uint32_t bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

class Kernels : public ::testing::TestWithParam<const KernelTable*> {
 protected:
  const KernelTable& kernels_ = *GetParam();
};

TEST_P(Kernels, ExpEqualsNumericsOnEverySignAndExponent) {
  std::vector<float> x;
  for (std::uint64_t b = 0; b < (std::uint64_t{1} << 32); b += 65521) {
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(b)));
  }
  for (const float value : {-87.33F, 87.33F, 88.72284F, 88.8F, 89.0F, 0.0F, -0.0F,
                            std::numeric_limits<float>::infinity()}) {
    x.push_back(value);
    x.push_back(-value);
  }
  std::vector<float> out(x.size());
  kernels_.exp(x.data(), out.data(), static_cast<std::int64_t>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(bits(out[i]), bits(numerics::exp(x[i]))) << "exp(" << x[i] << ")";
  }
}

TEST_P(Kernels, HalvesRoundLikeNumericsAtEveryTie) {
  std::vector<float> x;
  for (std::uint32_t half = 0; half < 0x7c00U; ++half) {
    const float value = numerics::half_to_float(static_cast<std::uint16_t>(half));
    const float next = numerics::half_to_float(static_cast<std::uint16_t>(half + 1));
    for (const float one : {value, (value + next) / 2, -value}) x.push_back(one);
    x.push_back(std::nextafter((value + next) / 2, 0.0F));
  }
  std::vector<std::uint16_t> out(x.size());
  kernels_.to_half(x.data(), out.data(), static_cast<std::int64_t>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(out[i], numerics::float_to_half(x[i])) << x[i];
  }
}

TEST_P(Kernels, DequantizeEqualsCoreOnRandomBytes) {
  std::mt19937_64 random(1);
  for (const TensorType type : all_tensor_types()) {
    const BlockLayout layout = block_layout(type);
    const std::int64_t n = std::int64_t{layout.elements} * 257;
    // An odd address; scales of any size, infinities and NaN among them.
    std::vector<std::byte> storage(static_cast<std::size_t>(row_bytes(type, n)) + 1);
    for (std::byte& byte : storage) byte = static_cast<std::byte>(random() & 0xffU);
    std::vector<float> got(static_cast<std::size_t>(n));
    std::vector<float> expected(static_cast<std::size_t>(n));
    kernels_.dequantize(type, storage.data() + 1, got.data(), n);
    quant::dequantize_row(type, storage.data() + 1, expected.data(), n);
    for (std::size_t i = 0; i < got.size(); ++i) {
      // Which NaN comes out of NaN + NaN is the compiler's choice of operands.
      if (numerics::is_nan(expected[i])) {
        ASSERT_TRUE(numerics::is_nan(got[i])) << tensor_type_name(type) << " element " << i;
      } else {
        ASSERT_EQ(bits(got[i]), bits(expected[i])) << tensor_type_name(type) << " element " << i;
      }
    }
  }
}

TEST_P(Kernels, DequantizeQ8HoldsEveryByte) {
  std::vector<std::byte> block(34 * 8);
  for (int i = 0; i < 256; ++i) {
    std::byte* at = block.data() + i / 32 * 34;
    const std::uint16_t scale = 0x3c00;  // 1
    std::memcpy(at, &scale, sizeof scale);
    at[2 + i % 32] = static_cast<std::byte>(i);
  }
  std::vector<float> out(256);
  kernels_.dequantize(TensorType::Q8_0, block.data(), out.data(), 256);
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(out[static_cast<std::size_t>(i)], static_cast<float>(static_cast<std::int8_t>(i)));
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, Kernels, ::testing::ValuesIn(testing::usable_levels()),
                         [](const auto& info) { return testing::isa_name(info.param->isa); });

}  // namespace
}  // namespace assay::host
