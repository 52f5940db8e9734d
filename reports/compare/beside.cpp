#include "reports/compare/beside.h"

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/identity.h"

namespace assay {

std::optional<std::size_t> first_alike(std::span<const NamedReport> reports, std::size_t run,
                                       const std::string& task) {
  const nlohmann::json& own = task_named(reports[run].report, task);
  for (std::size_t i = 0; i < run; ++i) {
    const nlohmann::json& other = task_named(reports[i].report, task);
    bool alike = !other.is_null();
    for (const char* name : {"dataset_sha256", "protocol", "max_new_tokens"}) {
      alike = alike && json_member(own, name) == json_member(other, name);
    }
    if (alike && why_tokens_differ_in_kind(reports[i].report, reports[run].report).empty()) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace assay
