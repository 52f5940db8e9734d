// The journal: append-only JSON lines, the only truth of a run; harness/ writes, reports/ read.
//
// A line is {"crc":"xxxxxxxx","record":RECORD}, crc = CRC-32 (zlib's) of RECORD's bytes in hex.
// Records, each with "type":
//   plan    the first line, one per journal: everything that makes the result what it is (below)
//   resume  a later process went on: {"utc"}
//   sample  one completion: key, task, problem, index (of the problem in the task), sample,
//           prompt_sha256, prompt_tokens (count), tokens [ids], text, stop, error,
//           logits_hash ["32 hex digits" a token], top2_margin [a token], queue_ms, ttft_ms,
//           decode_ms
//   grade   of a sample: key, grader (version), protocol, gold, status, why, verdict,
//           answer_found, answer_parses, extracted, rung, details
//   chain   of a sample: key, thresholds (version), profile, components {C1..C10: bool|null},
//           complete, strictly_complete (bool|null), outcome,
//           evidence [{component, begin, end, why}], why {C1..C10: phrase}, inferred [C1..C10],
//           steps (count), contradictions {found, checked, contradicted}
//   retention  of a task against a reference run: task, utc, reference{}, samples, forced{}|null,
//           free{}, content{}, outcome{} (harness/retention)
//   bench   one row of report.json's bench[]
//   totals  of one process: prefill_tokens, decode_tokens, prefill_seconds, decode_seconds,
//           wall_seconds, cpu_seconds, memory{host_peak_bytes, device_peak_bytes}, energy
// The plan's fields, named as in report.json (docs/formats.md): schema_version, utc, tool{},
//   device{}, model{}, backend{}, decoding{}, identity{},
//   memory{planned_bytes, weights_bytes, kv_bytes, scratch_bytes},
//   tasks[{name, protocol, eval, dataset_sha256, n_problems, samples_per_problem,
//          max_new_tokens, chain_profile, skipped (null, or why)}]
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace assay {

inline constexpr int kJournalVersion = 1;

/// One line with its newline.
std::string journal_line(const nlohmann::json& record);
/// The record of one line (without its newline); a failure says what is damaged.
Result<nlohmann::json> parse_journal_line(std::string_view line);

struct Journal {
  nlohmann::json plan;
  std::vector<nlohmann::json> samples;  ///< sorted by (task's place in the plan, index, sample)
  std::map<std::string, nlohmann::json, std::less<>> grades;     ///< by key; the last one counts
  std::map<std::string, nlohmann::json, std::less<>> chains;     ///< by key; the last one counts
  std::map<std::string, nlohmann::json, std::less<>> retention;  ///< by task; the last one counts
  std::vector<nlohmann::json> bench;
  std::vector<nlohmann::json> totals;
  /// Bytes of whole, sound lines; what follows is a line cut in half by a crash.
  std::size_t sound_bytes = 0;
  bool cut_last_line = false;
};

/// A damaged line in the middle is an error that names it; a last line without a newline is cut
/// off. A sample that ended with stop "error" may be followed by another attempt under its key,
/// which counts; any other repeated key is an error: two processes wrote the file.
Result<Journal> read_journal(const std::string& path);
Result<Journal> parse_journal(std::string_view text, const std::string& name);

}  // namespace assay
