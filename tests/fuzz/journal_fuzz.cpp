// Any bytes as a journal, and any JSON lines as its records under right checksums: reading and
// reporting either work or name the damage.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/journal.h"
#include "core/json_access.h"
#include "core/plugins.h"
#include "reports/common/report.h"

namespace {

/// Each line of the input as one record.
std::string with_checksums(std::string_view text) {
  std::string out = assay::journal_line(
      {{"type", "plan"},
       {"schema_version", assay::kJournalVersion},
       {"tool", {{"build_type", "Release"}}},
       {"tasks", {{{"name", "t"}, {"n_problems", 1}, {"samples_per_problem", 1}}}}});
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const auto record = assay::parse_json(text.substr(0, end));
    if (record) {
      // A plan of the input's own takes the first place.
      const bool is_plan = assay::json_text(*record, "type") == "plan";
      if (is_plan) out.clear();
      out += assay::journal_line(*record);
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

void report_on(std::string_view text) {
  const auto journal = assay::parse_journal(text, "fuzz");
  if (!journal) return;
  const nlohmann::json report = assay::build_report(*journal);
  for (const assay::ReportPlugin& plugin : assay::report_plugins()) plugin.render(report, *journal);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  report_on(text);
  report_on(with_checksums(text));
  return 0;
}
