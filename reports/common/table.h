// Tables that a reader can sort. Without a script they are plain tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace assay {

struct TableColumn {
  std::string head;                ///< finished HTML
  bool number = false;             ///< aligned right
  std::optional<std::size_t> run;  ///< hidden with this run
};

struct TableCell {
  std::string html;
  std::optional<double> sort;  ///< by this value instead of the text
};

struct TableRow {
  std::vector<TableCell> cells;    ///< one a column; the first is the row's head
  std::optional<std::size_t> run;  ///< hidden with this run
};

/// A number as a cell that sorts by it; what is unknown sorts last.
TableCell number_cell(std::optional<double> value, const std::string& shown);

/// `caption` is finished HTML.
std::string sortable_table(const std::string& caption, const std::vector<TableColumn>& columns,
                           const std::vector<TableRow>& rows);

/// A table behind a chart: folded until it is wanted, open in print.
std::string table_behind(const std::string& caption, const std::vector<TableColumn>& columns,
                         const std::vector<TableRow>& rows);

}  // namespace assay
