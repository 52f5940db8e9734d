#include "reports/common/table.h"

#include <fmt/core.h>

namespace assay {
namespace {

std::string classes(bool number, std::optional<std::size_t> run) {
  std::string out = number ? "n" : "";
  if (run) out += fmt::format("{}r{}", out.empty() ? "" : " ", *run);
  return out.empty() ? out : " class=\"" + out + "\"";
}

std::string cell_html(const TableCell& cell, const TableColumn& column, bool head) {
  std::string sort;
  if (cell.sort) sort = fmt::format(" data-v=\"{:.12g}\"", *cell.sort);
  const char* tag = head ? "th" : "td";
  return fmt::format("<{}{}{}>{}</{}>", tag, classes(column.number, column.run), sort, cell.html,
                     tag);
}

}  // namespace

TableCell number_cell(std::optional<double> value, const std::string& shown) {
  return {shown, value};
}

std::string sortable_table(const std::string& caption, const std::vector<TableColumn>& columns,
                           const std::vector<TableRow>& rows) {
  std::string out = "<div class=\"scroll\"><table class=\"sortable\">";
  if (!caption.empty()) out += "<caption>" + caption + "</caption>";
  out += "<thead><tr>";
  for (const TableColumn& column : columns) {
    out +=
        fmt::format("<th scope=\"col\"{}>{}</th>", classes(column.number, column.run), column.head);
  }
  out += "</tr></thead><tbody>";
  for (const TableRow& row : rows) {
    out += "<tr" + classes(false, row.run) + ">";
    for (std::size_t i = 0; i < row.cells.size() && i < columns.size(); ++i) {
      out += cell_html(row.cells[i], columns[i], i == 0);
    }
    out += "</tr>";
  }
  return out + "</tbody></table></div>";
}

std::string table_behind(const std::string& caption, const std::vector<TableColumn>& columns,
                         const std::vector<TableRow>& rows) {
  return "<details class=\"data\"><summary>" + caption + "</summary>" +
         sortable_table("", columns, rows) + "</details>";
}

}  // namespace assay
