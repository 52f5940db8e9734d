// The floating-point environment that exact/1 assumes: round to nearest even, no flush of denormals
// (FTZ) and no denormals read as zero (DAZ). Every worker thread sets it at entry; so do callers
// around libraries that may change it. The flags belong to the thread.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#elif !defined(__aarch64__)
#include <cfenv>
#endif

namespace assay::numerics {

/// Sets the environment for its scope and restores the caller's own on destruction.
class ScopedFpEnv {
 public:
  ScopedFpEnv() : saved_(read()) { write(kStandard); }
  ~ScopedFpEnv() { write(saved_); }
  ScopedFpEnv(const ScopedFpEnv&) = delete;
  ScopedFpEnv& operator=(const ScopedFpEnv&) = delete;

 private:
#if defined(__x86_64__)
  static constexpr std::uint64_t kStandard = 0x1f80;  // MXCSR: all exceptions masked, nearest even
  static std::uint64_t read() {
    return _mm_getcsr();
  }
  static void write(std::uint64_t value) {
    _mm_setcsr(static_cast<unsigned>(value));
  }
#elif defined(__aarch64__)
  static constexpr std::uint64_t kStandard = 0;  // FPCR: nearest even, FZ and FZ16 off
  static std::uint64_t read() {
    std::uint64_t value = 0;
    asm volatile("mrs %0, fpcr" : "=r"(value)::"memory");
    return value;
  }
  static void write(std::uint64_t value) {
    asm volatile("msr fpcr, %0" ::"r"(value) : "memory");
  }
#else
  static constexpr std::uint64_t kStandard = FE_TONEAREST;
  static std::uint64_t read() {
    return static_cast<std::uint64_t>(std::fegetround());
  }
  static void write(std::uint64_t value) {
    std::fesetround(static_cast<int>(value));
  }
#endif
  std::uint64_t saved_;
};

}  // namespace assay::numerics
