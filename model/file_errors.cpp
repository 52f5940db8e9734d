#include "model/file_errors.h"

#include <fmt/core.h>

#include "core/text.h"

namespace assay {
namespace {

constexpr std::size_t kMaxPathBytes = 400;

std::string with_file(std::string_view file, std::string_view problem) {
  return fmt::format("'{}': {}", name_for_message(file, kMaxPathBytes), problem);
}

}  // namespace

Error damaged_error(std::string_view file, std::string_view problem) {
  return {ErrorKind::environment, with_file(file, problem),
          "the file is damaged or incomplete, download it again"};
}

Error unsupported_error(std::string_view file, std::string_view problem, std::string hint) {
  return {ErrorKind::environment, with_file(file, problem), std::move(hint)};
}

}  // namespace assay
