// Which of our instruction-set levels this CPU and its operating system can run.
#pragma once

#include <string_view>
#include <vector>

namespace assay::cpu {

/// Levels are all or nothing: one missing extension, and the level is not run.
enum class Isa {
  scalar,  ///< what the compiler's baseline gives; the same source as the others
  avx2,    ///< AVX2, FMA and F16C
  avx512   ///< AVX-512 F, BW, VL, DQ and VNNI
};

std::string_view isa_name(Isa isa);

/// Levels that this build contains and this machine runs, the slowest first; never empty.
const std::vector<Isa>& usable_isas();

}  // namespace assay::cpu
