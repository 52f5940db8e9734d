#include "tests/conformance/case_data.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "core/error.h"
#include "core/numerics/half.h"
#include "core/quant/dequantize.h"

namespace assay::conformance {
namespace {

constexpr std::int64_t kGuardFloats = 64;
// A NaN: whatever a kernel computes from a guard shows.
const float kGuard = std::bit_cast<float>(0x7fc0beefU);

std::uint16_t random_half(Random& random) {
  // A normal or subnormal half of moderate size, either sign.
  const auto exponent = static_cast<std::uint16_t>(random.below(12));
  const auto rest = static_cast<std::uint16_t>(random.bits() & 0x83ffU);
  return static_cast<std::uint16_t>(rest | exponent << 10);
}

/// Offsets of the fp16 fields of a block.
std::vector<int> half_offsets(TensorType type) {
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

void put(std::byte* to, std::uint16_t half) {
  std::memcpy(to, &half, sizeof half);
}

void fill_block(TensorType type, std::byte* block, Random& random) {
  if (type == TensorType::F32) {
    const float value = random.wide();
    std::memcpy(block, &value, sizeof value);
  } else if (type == TensorType::F16) {
    put(block, random_half(random));
  } else if (type == TensorType::BF16) {
    put(block, numerics::float_to_bfloat16(random.wide()));
  } else {
    for (int i = 0; i < block_layout(type).bytes; ++i) {
      block[i] = static_cast<std::byte>(random.bits() & 0xffU);
    }
    for (const int offset : half_offsets(type)) put(block + offset, random_half(random));
  }
}

}  // namespace

Random::Random(std::string_view seed) : state_(0x9e3779b97f4a7c15ULL) {
  for (const char c : seed) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
}

std::uint64_t Random::bits() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

float Random::symmetric() {
  return std::ldexp(static_cast<float>(static_cast<std::int64_t>(bits()) >> 39), -24);
}

float Random::wide() {
  if (below(64) == 0) return 0;
  return std::ldexp(1 + std::abs(symmetric()), static_cast<int>(below(20)) - 16) *
         (below(2) == 0 ? 1.0F : -1.0F);
}

std::vector<float> Random::wide_values(std::int64_t n) {
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& value : values) value = wide();
  return values;
}

WeightBytes::WeightBytes(TensorType type, std::int64_t rows, std::int64_t cols, int misalignment,
                         Random& random)
    : type_(type), rows_(rows), cols_(cols) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto size = static_cast<std::size_t>(rows * row_bytes(type, cols));
  const std::size_t readable =
      (size + static_cast<std::size_t>(misalignment) + page - 1) / page * page;
  mapping_bytes_ = readable + page;
  void* mapping =
      mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw Error(ErrorKind::environment, "mmap failed in a test");
  mapping_ = static_cast<std::byte*>(mapping);
  ASSAY_ASSERT(mprotect(mapping_ + readable, page, PROT_NONE) == 0);
  // At the end of the readable bytes, or a little before for another alignment.
  bytes_ = {mapping_ + readable - size - static_cast<std::size_t>(misalignment), size};
  const int step = block_layout(type).bytes;
  for (std::size_t at = 0; at < size; at += static_cast<std::size_t>(step)) {
    fill_block(type, bytes_.data() + at, random);
  }
}

WeightBytes::~WeightBytes() {
  munmap(mapping_, mapping_bytes_);
}

std::vector<float> WeightBytes::dequantized_row(std::int64_t row) const {
  std::vector<float> values(static_cast<std::size_t>(cols_));
  quant::dequantize_row(type_, bytes_.data() + row * row_bytes(type_, cols_), values.data(), cols_);
  return values;
}

void WeightBytes::fill_integers(std::byte byte) {
  const auto step = static_cast<std::size_t>(block_layout(type_).bytes);
  for (std::size_t at = 0; at < bytes_.size(); at += step) {
    std::vector<std::byte> block(step, byte);
    for (const int offset : half_offsets(type_)) {
      std::memcpy(block.data() + offset, bytes_.data() + at + offset, sizeof(std::uint16_t));
    }
    std::copy(block.begin(), block.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

GuardedTensor::GuardedTensor(Device& device, std::int64_t rows, std::int64_t cols, int misalignment,
                             std::span<const float> values)
    : buffer_(device.allocate(rows * cols + 2 * kGuardFloats + misalignment)),
      tensor_{buffer_->data() + kGuardFloats + misalignment, rows, cols} {
  std::vector<float> all(static_cast<std::size_t>(buffer_->floats()), kGuard);
  std::copy(values.begin(), values.end(), all.begin() + kGuardFloats + misalignment);
  device.write(all, {buffer_->data(), 1, buffer_->floats()});
}

GuardedTensor::GuardedTensor(Device& device, std::int64_t rows, std::int64_t cols, int misalignment)
    : GuardedTensor(device, rows, cols, misalignment, {}) {}

std::vector<float> GuardedTensor::read(Device& device) const {
  std::vector<float> all(static_cast<std::size_t>(buffer_->floats()));
  device.read({buffer_->data(), 1, buffer_->floats()}, all);
  const std::ptrdiff_t first = tensor_.data - buffer_->data();
  for (std::ptrdiff_t i = 0; i < std::ssize(all); ++i) {
    if (i >= first && i < first + tensor_.size()) continue;
    if (std::memcmp(&all[static_cast<std::size_t>(i)], &kGuard, sizeof kGuard) != 0) {
      throw std::runtime_error("wrote outside its output, at element " + std::to_string(i - first));
    }
  }
  return {all.begin() + first, all.begin() + first + tensor_.size()};
}

}  // namespace assay::conformance
