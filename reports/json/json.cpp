// report.json: the report object, for programs.
#include <nlohmann/json.hpp>

#include "core/plugins.h"

namespace assay {
namespace {

/// Members are sorted by name, two spaces a level, one newline at the end: the same report gives
/// the same bytes, and a difference of two files reads well.
std::string render(const nlohmann::json& report, const Journal&) {
  return report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

ReportPlugin make_report_json() {
  return {"json", "report.json", "everything measured, for programs (reports/schema)", render};
}

}  // namespace assay
