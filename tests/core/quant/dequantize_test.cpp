// Dequantisation of every type equals PyPI gguf's numpy reference bit for bit.
#include "core/quant/dequantize.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/numerics/portable.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

/// Where a block's fp16 scales lie.
std::vector<int> scale_offsets(TensorType type) {
  switch (type) {
    case TensorType::Q4_0:
    case TensorType::Q5_0:
    case TensorType::Q8_0:
      return {0};
    case TensorType::Q4_1:
    case TensorType::Q5_1:
    case TensorType::Q4_K:
    case TensorType::Q5_K:
      return {0, 2};
    case TensorType::Q2_K:
      return {80, 82};
    case TensorType::Q3_K:
      return {108};
    case TensorType::Q6_K:
      return {208};
    default:
      return {};
  }
}

void put_half(std::string* block, int offset, std::uint16_t value) {
  std::memcpy(block->data() + offset, &value, sizeof(value));
}

/// Random blocks; blocks filled with each of the 256 byte values; random blocks under scales that
/// are zero, subnormal, largest, negative, infinite and NaN.
std::string make_blocks(TensorType type) {
  std::mt19937_64 random(20260 + static_cast<unsigned>(type));
  const int bytes = block_layout(type).bytes;
  std::string all;
  const auto random_block = [&] {
    std::string block(static_cast<std::size_t>(bytes), '\0');
    for (char& byte : block) byte = static_cast<char>(random());
    return block;
  };
  for (int i = 0; i < 512; ++i) all += random_block();
  for (int value = 0; value < 256; ++value) {
    std::string block(static_cast<std::size_t>(bytes), static_cast<char>(value));
    for (const int offset : scale_offsets(type)) put_half(&block, offset, 0x3c01);
    all += block;
  }
  const std::vector<std::uint16_t> scales = {0x0000, 0x8000, 0x0001, 0x8001, 0x03ff,
                                             0x83ff, 0x0400, 0x7bff, 0xfbff, 0x7c00,
                                             0xfc00, 0x7e01, 0x3c00, 0xbc00};
  for (const std::uint16_t first : scales) {
    for (const std::uint16_t second : scales) {
      std::string block = random_block();
      const auto offsets = scale_offsets(type);
      if (!offsets.empty()) put_half(&block, offsets[0], first);
      if (offsets.size() > 1) put_half(&block, offsets[1], second);
      all += block;
    }
  }
  return all;
}

std::vector<float> dequantize(TensorType type, const std::string& blocks) {
  const BlockLayout layout = block_layout(type);
  const auto n = static_cast<std::int64_t>(blocks.size()) / layout.bytes * layout.elements;
  std::vector<float> out(static_cast<std::size_t>(n));
  quant::dequantize_row(type, reinterpret_cast<const std::byte*>(blocks.data()), out.data(), n);
  return out;
}

TEST(Dequantize, BlockStructsHaveTheFilesSizes) {
  for (const TensorType type : all_tensor_types()) {
    quant::visit_block(type, [&]<class Block>() {
      EXPECT_EQ(static_cast<int>(sizeof(Block)), block_layout(type).bytes)
          << tensor_type_name(type);
      EXPECT_EQ(Block::kElements, block_layout(type).elements) << tensor_type_name(type);
    });
  }
}

TEST(Dequantize, EqualsGgufPythonBitForBit) {
  const char* python = std::getenv("ASSAY_TEST_PYTHON");
  if (python == nullptr || *python == '\0') {
    GTEST_SKIP() << "ASSAY_TEST_PYTHON is unset: it names a Python with ci/requirements.txt";
  }
  const testing::TempDir dir;
  std::map<TensorType, std::string> blocks;
  for (const TensorType type : all_tensor_types()) {
    blocks[type] = make_blocks(type);
    testing::write_text(dir.path() / (std::string(tensor_type_name(type)) + ".blocks"),
                        blocks[type]);
  }
  const std::string command = std::string(python) +
                              " " ASSAY_TEST_SOURCE_DIR "/dequantize_reference.py " +
                              dir.path().string();
  ASSERT_EQ(std::system(command.c_str()), 0) << command;

  for (const TensorType type : all_tensor_types()) {
    const std::vector<float> ours = dequantize(type, blocks[type]);
    const std::string bytes =
        testing::read_text(dir.path() / (std::string(tensor_type_name(type)) + ".f32"));
    ASSERT_EQ(bytes.size(), ours.size() * sizeof(float)) << tensor_type_name(type);
    std::vector<float> theirs(ours.size());
    std::memcpy(theirs.data(), bytes.data(), bytes.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      // Which of two NaN operands survives is the compiler's choice; such weights are refused
      // anyway.
      if (numerics::is_nan(ours[i]) && numerics::is_nan(theirs[i])) continue;
      ASSERT_EQ(numerics::bits_of(ours[i]), numerics::bits_of(theirs[i]))
          << tensor_type_name(type) << " element " << i << ": " << ours[i] << " but gguf gives "
          << theirs[i];
    }
  }
}

TEST(Dequantize, ReadsFromAnyAddress) {
  for (const TensorType type : all_tensor_types()) {
    const std::string blocks = make_blocks(type);
    const std::vector<float> aligned = dequantize(type, blocks);
    std::vector<std::byte> shifted(blocks.size() + 1);
    std::memcpy(shifted.data() + 1, blocks.data(), blocks.size());
    std::vector<float> out(aligned.size());
    quant::dequantize_row(type, shifted.data() + 1, out.data(),
                          static_cast<std::int64_t>(out.size()));
    EXPECT_EQ(std::memcmp(out.data(), aligned.data(), out.size() * sizeof(float)), 0)
        << tensor_type_name(type);
  }
}

}  // namespace
}  // namespace assay
