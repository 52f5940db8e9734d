// What `assay gate` and its self-test share.
#pragma once

#include <string>
#include <vector>

#include "reports/gate/speed_gate.h"

namespace assay::tool {

struct GateFlags {
  std::string baseline;
  std::string candidate;
  std::string baseline_bin;
  std::string candidate_bin;
  std::vector<std::string> arguments;
  std::string cpus = "cores";
  bool wall = false;
  bool cpu_time = false;
  SpeedRule rule;
  double timeout_s = 600;
  double memory_tolerance = 5;  ///< percent
  double speed_tolerance = -1;  ///< percent; negative: none
  bool self_test = false;
  int trials = 100;
  double kernel_ms = 10;
  std::string junit;
  std::string markdown;
  std::string benchmark_out;
  bool github = false;
  bool json = false;
};

/// `assay gate --self-test`; the exit code.
int gate_self_test(const GateFlags& flags);

}  // namespace assay::tool
