// The other roof: how many operations a second this machine's cores do, measured, beside the
// bandwidth of bandwidth.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

namespace assay {

/// 10^9 operations a second, a multiplication and an addition counting as two. None: this level has
/// no such instruction.
struct ArithmeticPeaks {
  std::optional<double> fp32_gflops;  ///< fused multiply-adds, or their two halves without FMA
  std::optional<double> int8_gops;    ///< dot products of bytes
};

/// Loops over registers alone, with the instructions of an instruction-set level ("avx2",
/// "neon+i8mm") on so many threads: the best of four, under 0.3 s in all. Nothing where the level
/// is not one of the host's (a GPU's).
ArithmeticPeaks measure_arithmetic_peaks(std::string_view isa, int threads);

/// `device.peaks` of a report; null without any.
nlohmann::json peaks_record(const ArithmeticPeaks& peaks);

}  // namespace assay
