// What one run of a benchmark said, and the same in Google Benchmark's format, which its own tools
// (compare.py) read.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/error.h"
#include "reports/gate/speed_gate.h"

namespace assay {

/// Which of Google Benchmark's two times counts.
enum class TimeKind { real, cpu };

/// Seconds by name from what a run printed: Google Benchmark's JSON (the median of repetitions) or
/// report.json as `assay bench --json` and `assay run --json` print it (seconds a token of each
/// bench row; without rows, of the run's prefill and decode). Error{environment}, one line that
/// starts with `who`: no JSON, neither of the two, a benchmark that failed, a build that reports no
/// speed, nothing measured.
Result<Measurement> read_measurement(std::string_view text, const std::string& who, TimeKind time);

/// How the Google Benchmark that a run was linked with was built ("debug", "release"): it says so
/// of itself, not of the program. Empty: not its output.
std::string benchmark_build_type(std::string_view text);

/// Whether this is Google Benchmark's output.
bool is_google_benchmark(const nlohmann::json& value);

/// One side of a series as Google Benchmark would have written it: each pair is a repetition. The
/// members of `context` are added to the context.
nlohmann::json google_benchmark_json(const SpeedSeries& series, Side side,
                                     const nlohmann::json& context);

}  // namespace assay
