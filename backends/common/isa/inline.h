// Kernels are compiled once per instruction-set level, in files of their own. An inline function
// with external linkage that such a file emits could be chosen by the linker for everybody, and
// stop a CPU that lacks the level. So everything a kernel file calls is either a template over the
// level or forced inline, and tests/backends checks the object files for stray symbols.
#pragma once

#define ASSAY_INLINE __attribute__((always_inline)) inline
/// After a lambda's parameters.
#define ASSAY_INLINE_LAMBDA __attribute__((always_inline))

namespace assay::host {

/// A loop counter that is a constant in the body.
template <int kIndex>
struct Index {
  static constexpr int value = kIndex;
};

/// body(Index<0>{}) ... body(Index<n-1>{}), unrolled.
template <int kCount, int kFrom = 0, class Body>
ASSAY_INLINE void unroll(Body&& body) {
  if constexpr (kFrom < kCount) {
    body(Index<kFrom>{});
    unroll<kCount, kFrom + 1>(body);
  }
}

}  // namespace assay::host
