// A foreign single-precision GEMM that serves prefill under Numerics::fast. The pool's workers call
// it, each for its own rows of the weight; the library itself runs no threads.
#pragma once

#include <cstdint>
#include <string>

namespace assay::host {

class GemmLibrary {
 public:
  virtual ~GemmLibrary() = default;

  /// Name, version and what it runs: "openblas 0.3.21 SkylakeX".
  virtual std::string description() const = 0;

  /// y[m][n] = sum_k x[m][k] * w[n][k]; rows of x and w are k apart, of y ldy apart. From any
  /// thread, several at once; Error{environment} when the library fails.
  virtual void multiply(const float* w, const float* x, float* y, std::int64_t m, std::int64_t n,
                        std::int64_t k, std::int64_t ldy) = 0;

  /// Bytes that one caller's `multiply` holds inside the library, at most.
  virtual std::int64_t scratch_bytes(std::int64_t m, std::int64_t n, std::int64_t k) const = 0;
};

}  // namespace assay::host
