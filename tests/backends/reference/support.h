// What the tests of `reference` share: devices of every level, seeded values, weights with storage.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/numerics/half.h"
#include "core/plugins.h"

namespace assay {
BackendPlugin make_backend_reference();
}

namespace assay::reference::testing {

inline std::unique_ptr<Device> device(Numerics numerics = Numerics::fast,
                                      const std::string& level = "auto") {
  BackendRequest request;
  request.numerics = numerics;
  request.options["level"] = level;
  return value_or_throw(make_backend_reference().create(request));
}

/// Devices of all levels that this CPU runs, with their names.
inline std::vector<std::pair<std::string, std::unique_ptr<Device>>> all_levels() {
  std::vector<std::pair<std::string, std::unique_ptr<Device>>> out;
  for (const char* level : {"baseline", "x86-64-v3", "x86-64-v4"}) {
    BackendRequest request;
    request.options["level"] = level;
    auto made = make_backend_reference().create(request);
    if (made) out.emplace_back(level, std::move(*made));
  }
  return out;
}

/// Normal values whose magnitudes range over 2^-6 .. 2^6.
inline std::vector<float> values(std::int64_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> exponent(-6, 6);
  std::vector<float> out(static_cast<std::size_t>(n));
  for (float& x : out) x = std::ldexp(normal(random), exponent(random));
  return out;
}

/// A weight and the bytes it borrows.
struct OwnedWeight {
  std::vector<std::byte> bytes;
  std::unique_ptr<DeviceWeight> weight;
  const DeviceWeight& operator*() const { return *weight; }
  const DeviceWeight* get() const { return weight.get(); }
};

/// Random blocks of any type; every 16-bit word is a finite half between 2^-14 and 2 in magnitude,
/// so whichever of them are scales are ordinary ones. Floats are random numbers of their type.
inline OwnedWeight random_weight(Device& device, TensorType type, std::int64_t rows,
                                 std::int64_t cols, unsigned seed) {
  OwnedWeight out;
  std::mt19937 random(seed);
  out.bytes.resize(static_cast<std::size_t>(rows * row_bytes(type, cols)));
  for (std::size_t i = 0; i + 1 < out.bytes.size(); i += 2) {
    const auto word = static_cast<std::uint16_t>((random() & 0xbbffU) | 0x0400U);
    std::memcpy(out.bytes.data() + i, &word, sizeof(word));
  }
  if (type == TensorType::F32 || type == TensorType::BF16) {
    const std::vector<float> x = values(rows * cols, seed);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::uint16_t narrow = numerics::float_to_bfloat16(x[i]);
      if (type == TensorType::F32) std::memcpy(out.bytes.data() + 4 * i, &x[i], 4);
      if (type == TensorType::BF16) std::memcpy(out.bytes.data() + 2 * i, &narrow, 2);
    }
  }
  out.weight = device.upload({"test", type, rows, cols, out.bytes});
  return out;
}

inline OwnedWeight float_weight(Device& device, const std::vector<float>& x, std::int64_t rows,
                                std::int64_t cols) {
  OwnedWeight out;
  out.bytes.resize(x.size() * sizeof(float));
  std::memcpy(out.bytes.data(), x.data(), out.bytes.size());
  out.weight = device.upload({"test", TensorType::F32, rows, cols, out.bytes});
  return out;
}

inline Tensor tensor(std::vector<float>& x, std::int64_t rows) {
  return {x.data(), rows, static_cast<std::int64_t>(x.size()) / rows};
}
inline ConstTensor tensor(const std::vector<float>& x, std::int64_t rows) {
  return {x.data(), rows, static_cast<std::int64_t>(x.size()) / rows};
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace assay::reference::testing
