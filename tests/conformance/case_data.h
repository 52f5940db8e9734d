// Seeded data with a large dynamic range, and memory that notices a kernel's trespass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/device.h"
#include "core/types.h"

namespace assay::conformance {

/// SplitMix64: the same numbers everywhere.
class Random {
 public:
  explicit Random(std::string_view seed);
  std::uint64_t bits();
  /// [0, n)
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(n));
  }
  /// [-1, 1)
  float symmetric();
  /// Either sign, magnitudes from 2^-16 to 2^4, now and then 0.
  float wide();
  std::vector<float> wide_values(std::int64_t n);

 private:
  std::uint64_t state_;
};

/// Bytes of a weight, at an odd address if asked, ending where the readable memory ends.
class WeightBytes {
 public:
  WeightBytes(TensorType type, std::int64_t rows, std::int64_t cols, int misalignment,
              Random& random);
  ~WeightBytes();
  WeightBytes(const WeightBytes&) = delete;
  WeightBytes& operator=(const WeightBytes&) = delete;
  WeightView view() const { return {"weight", type_, rows_, cols_, bytes_}; }
  std::vector<float> dequantized_row(std::int64_t row) const;
  /// A quantised type's integers and integer scales made of this byte; its halves stay.
  void fill_integers(std::byte byte);

 private:
  TensorType type_;
  std::int64_t rows_;
  std::int64_t cols_;
  std::byte* mapping_ = nullptr;
  std::size_t mapping_bytes_ = 0;
  std::span<std::byte> bytes_;
};

/// A tensor in device memory between guards, at any multiple of 4 bytes.
class GuardedTensor {
 public:
  GuardedTensor(Device& device, std::int64_t rows, std::int64_t cols, int misalignment);
  GuardedTensor(Device& device, std::int64_t rows, std::int64_t cols, int misalignment,
                std::span<const float> values);
  Tensor tensor() const { return tensor_; }
  /// The values; throws std::runtime_error when a guard has changed.
  std::vector<float> read(Device& device) const;

 private:
  std::unique_ptr<DeviceBuffer> buffer_;
  Tensor tensor_;
};

}  // namespace assay::conformance
