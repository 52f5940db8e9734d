// Times and ratios as people read them.
#pragma once

#include <string>

#include "reports/gate/speed_gate.h"

namespace assay {

/// "12.3 us", "4.56 ms".
std::string show_time(double seconds);
/// Candidate over baseline with its interval: "+5.1 % (+4.8 to +5.4)"; more is slower.
std::string show_ratio(const MetricVerdict& metric);

}  // namespace assay
