// Comma-separated values as RFC 4180 has them: quoted fields may hold commas, quotes and newlines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace assay::datasets {

struct CsvRow {
  std::size_t line = 0;  ///< where it begins, from 1
  std::vector<std::string> fields;
};

/// All rows, the header among them. `name` is for errors. Error{environment} "name:line: ..." for a
/// quote that never closes, or text behind a closing quote.
Result<std::vector<CsvRow>> parse_csv(std::string_view text, const std::string& name);

}  // namespace assay::datasets
