// What every dataset reader shares: from a JSONL file to checked problems.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/eval.h"

namespace assay::datasets {

/// One record on its way to a Problem.
struct RecordSource {
  const nlohmann::json& record;
  std::string where;       ///< "test.jsonl:12", for errors
  std::int64_t place = 0;  ///< 0 for the first record
};

using RecordReader = std::function<Result<Problem>(const RecordSource&)>;

/// Reads every record of `text` and checks that ids are unique and that there are exactly
/// `manifest.n_problems`: a part of a benchmark is never scored as the whole.
Result<DatasetContent> read_records(std::string_view text, const std::string& name,
                                    const DatasetManifest& manifest, const RecordReader& reader);

/// The same for the file at `path`, plain or gzipped; `sha256` is of its bytes.
Result<DatasetContent> read_record_file(const std::string& path, const DatasetManifest& manifest,
                                        const RecordReader& reader);

/// The same for a text that is compiled in.
Result<DatasetContent> read_embedded(std::string_view text, const DatasetManifest& manifest,
                                     const RecordReader& reader);

/// The string in `field`; Error{environment} naming file, line and field if it is absent or of
/// another type.
Result<std::string> string_field(const RecordSource& source, const char* field);

/// The first of `fields` that is there; the error names all of them.
Result<std::string> first_string_field(const RecordSource& source,
                                       std::initializer_list<const char*> fields);

/// The record's `field`, or null if it is absent.
nlohmann::json optional_field(const RecordSource& source, const char* field);

}  // namespace assay::datasets
