// Hands out parts of one allocation.
#pragma once

#include <cstdint>

namespace assay::cuda::fast {

struct Carver {
  std::uint8_t* base = nullptr;  ///< null: only counts
  std::int64_t at = 0;

  template <class T>
  T* take(std::int64_t n) {
    constexpr std::int64_t kAligned = 256;
    T* out = base == nullptr ? nullptr : reinterpret_cast<T*>(base + at);
    at += (n * static_cast<std::int64_t>(sizeof(T)) + kAligned - 1) / kAligned * kAligned;
    return out;
  }
};

}  // namespace assay::cuda::fast
