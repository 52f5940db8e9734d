// Memory: the plan made before loading, in its parts, beside the measured peak.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/json_access.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

struct MemoryPart {
  const char* name;
  const char* label;
  const char* style;
};
constexpr std::array<MemoryPart, 3> kParts = {{{"weights_bytes", "weights", "m1"},
                                               {"kv_bytes", "keys and values (KV)", "m2"},
                                               {"scratch_bytes", "scratch", "m3"}}};

/// The device's peak where it has memory of its own, else the host's.
std::optional<std::int64_t> peak_of(const json& memory) {
  const auto device = json_integer(memory, "device_peak_bytes");
  return device ? device : json_integer(memory, "host_peak_bytes");
}

TableCell bytes_cell(std::optional<std::int64_t> bytes) {
  return {show_bytes(bytes),
          bytes ? std::optional<double>(static_cast<double>(*bytes)) : std::nullopt};
}

std::string memory_table(const json& comparison) {
  const std::vector<TableColumn> columns = {{"run", false, {}},
                                            {"weights", true, {}},
                                            {term("kv"), true, {}},
                                            {term("scratch"), true, {}},
                                            {"plan in all", true, {}},
                                            {"peak of the host", true, {}},
                                            {"peak of the device", true, {}},
                                            {"peak / plan", true, {}}};
  std::vector<TableRow> rows;
  const json& runs = json_list(comparison, "runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const json& memory = json_member(runs[i], "memory");
    std::vector<TableCell> cells;
    for (const char* name : {"weights_bytes", "kv_bytes", "scratch_bytes", "planned_bytes",
                             "host_peak_bytes", "device_peak_bytes"}) {
      cells.push_back(bytes_cell(json_integer(memory, name)));
    }
    const auto plan = json_number(memory, "planned_bytes");
    const auto peak = peak_of(memory);
    std::optional<double> ratio;
    if (plan && *plan > 0 && peak) ratio = static_cast<double>(*peak) / *plan;
    cells.push_back(number_cell(ratio, show_percent(ratio)));
    rows.push_back(run_row(comparison, i, std::move(cells)));
  }
  return table_behind("Table: memory", columns, rows);
}

}  // namespace

std::string memory_html(const json& comparison) {
  const json& runs = json_list(comparison, "runs");
  std::vector<Stack> stacks;
  double whole = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const json& memory = json_member(runs[i], "memory");
    Stack stack;
    double planned = 0;
    for (const MemoryPart& part : kParts) {
      const auto bytes = json_integer(memory, part.name);
      const auto size = static_cast<double>(bytes.value_or(0));
      planned += size;
      stack.parts.push_back({size, part.style,
                             fmt::format("{} {}: {}", run_letter(i), part.label, show_bytes(bytes)),
                             ""});
    }
    const auto peak = peak_of(memory);
    const auto plan = json_integer(memory, "planned_bytes");
    stack.row = {i, run_label(comparison, i),
                 fmt::format("plan {}, peak <b>{}</b>", show_bytes(plan), show_bytes(peak)), ""};
    if (peak) {
      stack.mark = static_cast<double>(*peak);
      stack.mark_label = fmt::format("{} measured peak: {}", run_letter(i), show_bytes(peak));
    }
    whole = std::max({whole, planned, static_cast<double>(peak.value_or(0))});
    stacks.push_back(std::move(stack));
  }
  std::string out = "<h2 id=\"memory\">Memory</h2>";
  if (whole <= 0) return out + "<p>No report has a memory plan or a measured peak.</p>";
  out += "<ul class=\"legend\"><li>plan:</li>";
  for (const MemoryPart& part : kParts) {
    const char* name = std::string_view(part.name) == "kv_bytes"        ? "kv"
                       : std::string_view(part.name) == "scratch_bytes" ? "scratch"
                                                                        : "weights";
    out += "<li>" + swatch(part.style) + term(name, part.label) + "</li>";
  }
  out += "<li>\u25BC " + term("peak", "measured peak") + "</li></ul>";
  return out + stack_chart("Memory plan and measured peak", whole * 1.02, stacks) +
         memory_table(comparison);
}

}  // namespace assay
