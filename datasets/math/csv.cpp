#include "datasets/math/csv.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace assay::datasets {
namespace {

class CsvParser {
 public:
  CsvParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Result<std::vector<CsvRow>> parse() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      CsvRow row;
      row.line = line_;
      do {
        Result<std::string> field = take_field();
        if (!field) return tl::unexpected(field.error());
        row.fields.push_back(std::move(*field));
      } while (take(','));
      take('\r');
      if (!take('\n') && at_ < text_.size()) {
        return env_failure(fmt::format("{}:{}: text behind a closing quote", name_, line_));
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    if (wanted == '\n') ++line_;
    ++at_;
    return true;
  }

  Result<std::string> take_field() {
    if (!take('"')) {
      const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
      std::string field(text_.substr(at_, end - at_));
      at_ = end;
      return field;
    }
    std::string field;
    const std::size_t first_line = line_;
    while (at_ < text_.size()) {
      if (take('"')) {
        if (!take('"')) return field;
        field += '"';
        continue;
      }
      field += text_[at_];
      take(text_[at_]);
    }
    return env_failure(fmt::format("{}:{}: a quote that never closes", name_, first_line));
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

Result<std::vector<CsvRow>> parse_csv(std::string_view text, const std::string& name) {
  return CsvParser(text, name).parse();
}

}  // namespace assay::datasets
