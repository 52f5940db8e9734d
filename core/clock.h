// The one clock. Backends never read time; the harness and decode/ do, through this.
#pragma once

#include <chrono>

namespace assay {

/// Monotonic seconds since an arbitrary start.
inline double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace assay
