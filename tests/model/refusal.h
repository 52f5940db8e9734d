// What every refusal of a model file looks like.
#pragma once

#include "core/error.h"

namespace assay::testing {

/// One printable line of at most a screenful, of the kind `environment` (exit code 3), that starts
/// with the file.
inline bool is_clean_refusal(const Error& error) {
  const std::string line = error.line();
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  }
  return error.kind() == ErrorKind::environment && !error.hint().empty() && line.size() < 1000 &&
         line.starts_with("'");
}

}  // namespace assay::testing
