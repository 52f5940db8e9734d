// The records of a foreign file, whatever holds them: JSON lines, an array, or one JSON document
// with the records somewhere inside. What cannot be read is counted, never fatal.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.h"
#include "harness/score/line_source.h"

namespace assay::score {

struct RecordLimits {
  SourceLimits source;
  /// Of a JSON document that is no JSON lines: it is held as a whole.
  std::size_t max_document_bytes = std::size_t{1} << 28;
};

/// Lines that gave no record, by cause.
struct Unreadable {
  std::int64_t not_json = 0;
  std::int64_t not_an_object = 0;
  std::int64_t not_utf8 = 0;
  std::int64_t too_long = 0;
  std::vector<std::string> examples;  ///< the first few: "samples.jsonl:12: not UTF-8"
  std::int64_t total() const { return not_json + not_an_object + not_utf8 + too_long; }
};

struct RecordsSummary {
  std::string name;        ///< of the file, without its folder
  std::string packing;     ///< "", "gzip" or "zip"
  std::string container;   ///< "JSON lines", "a JSON array", "the array 'tasks' of a JSON object"
  std::int64_t lines = 0;  ///< that are not blank; of a document, its elements
  std::int64_t records = 0;
  Unreadable unreadable;
};

/// {name, packing, container, lines, records, unreadable{count, not_json, ..., examples[]}}.
nlohmann::json summary_json(const RecordsSummary& summary);

/// A failure ends the reading and is returned.
using RecordSink = std::function<Result<void>(nlohmann::json record, const std::string& where)>;

/// Calls `sink` for each record in order; `where` is "file.jsonl:12" or "file.json, tasks[3]".
/// Error{environment}: the file cannot be opened, is damaged or cut, or unpacks beyond the limits.
Result<RecordsSummary> read_records(const std::string& path, const RecordSink& sink,
                                    const RecordLimits& limits = {});

}  // namespace assay::score
