#include "core/error.h"

#include <fmt/core.h>

namespace assay::detail {

void assertion_failed(const char* condition, const char* file, int line) {
  throw Error(ErrorKind::bug, fmt::format("assertion failed: {} at {}:{}", condition, file, line),
              "this is a bug in assay; please report it with the command you ran");
}

}  // namespace assay::detail
