// Typed arrays in host memory for kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "core/host_memory.h"

namespace assay {

inline constexpr std::int64_t kCacheLineBytes = 64;

/// An owned, cache-line aligned, uninitialised array of a trivial type.
template <class T>
class AlignedArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  AlignedArray() = default;
  /// Error{environment} naming `what` when memory is short.
  AlignedArray(std::int64_t size, std::string_view what)
      : memory_(allocate_host_memory(size * std::int64_t{sizeof(T)}, what)), size_(size) {}

  T* data() { return reinterpret_cast<T*>(memory_.get()); }
  const T* data() const { return reinterpret_cast<const T*>(memory_.get()); }
  std::int64_t size() const { return size_; }

  /// At least `size` elements; the content is lost when it grows.
  void grow(std::int64_t size, std::string_view what) {
    if (size <= size_) return;
    *this = AlignedArray();  // not both at once
    *this = AlignedArray(size, what);
  }

 private:
  HostMemory memory_;
  std::int64_t size_ = 0;
};

}  // namespace assay
