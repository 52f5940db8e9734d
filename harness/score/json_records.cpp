#include "harness/score/json_records.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/json_access.h"
#include "core/text.h"

namespace assay::score {
namespace {

using nlohmann::json;

constexpr std::size_t max_examples = 5;
constexpr const char* one_object = "one JSON object";

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

void count_unreadable(RecordsSummary& summary, std::int64_t Unreadable::*counter,
                      const std::string& where, std::string_view why) {
  ++(summary.unreadable.*counter);
  if (summary.unreadable.examples.size() < max_examples) {
    summary.unreadable.examples.push_back(fmt::format("{}: {}", where, why));
  }
}

/// Builds a value as nlohmann's own parser does, but keeps a number that a double does not hold, as
/// the text that it was written with: a gold answer of 30 digits.
class ExactValues : public nlohmann::json_sax<json> {
 public:
  json take() { return std::move(root_); }
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(std::int64_t value) override { return put(value); }
  bool number_unsigned(std::uint64_t value) override { return put(value); }
  bool number_float(double value, const std::string& written) override {
    const auto digits =
        std::count_if(written.begin(), written.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits > exact_digits ? put(written) : put(value);
  }
  bool string(std::string& value) override { return put(std::move(value)); }
  bool binary(json::binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(json::array()); }
  bool key(std::string& name) override {
    name_ = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t /*place*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }
  /// More digits than the shortest text of any double has.
  static constexpr std::ptrdiff_t exact_digits = 17;

 private:
  /// The place for the next value: the root, a member or an element.
  json& next() {
    if (open_.empty()) return root_;
    if (open_.back()->is_object()) return (*open_.back())[name_];
    open_.back()->push_back(nullptr);
    return open_.back()->back();
  }
  bool put(json value) {
    next() = std::move(value);
    return true;
  }
  bool open(json container) {
    json& place = next();
    place = std::move(container);
    open_.push_back(&place);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  json root_;
  std::vector<json*> open_;  ///< containers that are being filled: nothing before them moves
  std::string name_;
};

/// Whether a run of digits and points is longer than a double holds.
bool has_long_number(std::string_view text) {
  std::ptrdiff_t digits = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      if (++digits > ExactValues::exact_digits) return true;
    } else if (c != '.') {
      digits = 0;
    }
  }
  return false;
}

Result<json> parse_exactly(std::string_view text) {
  Result<json> value = parse_json(text);  // checks the depth, too
  if (!value || !has_long_number(text)) return value;
  ExactValues exact;
  if (!json::sax_parse(text, &exact)) return value;
  return exact.take();
}

/// The record of one line; counts it where it holds none.
std::optional<json> record_of(const SourceLine& line, const std::string& where,
                              RecordsSummary& summary) {
  ++summary.lines;
  if (line.too_long) {
    count_unreadable(
        summary, &Unreadable::too_long, where,
        fmt::format("a line of {}", format_bytes(static_cast<std::int64_t>(line.bytes))));
    return std::nullopt;
  }
  if (!is_valid_utf8(line.text)) {
    count_unreadable(summary, &Unreadable::not_utf8, where, "not UTF-8");
    return std::nullopt;
  }
  Result<json> record = parse_exactly(line.text);
  if (!record) {
    count_unreadable(summary, &Unreadable::not_json, where, record.error().message());
    return std::nullopt;
  }
  if (!record->is_object()) {
    count_unreadable(summary, &Unreadable::not_an_object, where,
                     fmt::format("a JSON {}, no object", record->type_name()));
    return std::nullopt;
  }
  return std::move(*record);
}

/// The records inside a document, and in words where they were found.
struct Found {
  std::string container;
  std::string path;  ///< "tasks" or ""
  std::vector<json> records;
};

/// A turn of a chat ({role, ...}, {from, value}) or one of a reply's choices ({message, ...}).
bool is_part_of_chat(const json& object) {
  return object.contains("role") || (object.contains("from") && object.contains("value")) ||
         json_member(object, "message").is_object();
}

/// A text, or a list of texts: what some tools keep of each problem.
bool holds_texts(const json& value) {
  return value.is_string() ||
         (value.is_array() && !value.empty() &&
          std::all_of(value.begin(), value.end(), [](const json& e) { return e.is_string(); }));
}

/// Records, that is, and not the parts of one chat.
bool holds_objects(const json& list) {
  return list.is_array() && !list.empty() &&
         std::all_of(list.begin(), list.end(),
                     [](const json& e) { return e.is_object() && !is_part_of_chat(e); });
}

/// {"A": {...}, "B": {...}} or {"A": [{...}], "B": [{...}]}: records by name.
bool is_table(const json& value) {
  return value.is_object() && !value.empty() &&
         std::all_of(value.begin(), value.end(),
                     [](const json& e) { return e.is_object() || holds_objects(e); });
}

/// Each entry's records bear the entry's name as `task_id` where they have no id of their own.
std::vector<json> rows_of_table(json& table) {
  std::vector<json> rows;
  const auto add = [&rows](const std::string& name, json& row) {
    const bool named =
        std::any_of(row.begin(), row.end(), [&](const json& e) { return e == name; });
    if (!named && !row.contains("task_id")) row["task_id"] = name;
    rows.push_back(std::move(row));
  };
  for (auto& [name, entry] : table.items()) {
    if (entry.is_object()) {
      add(name, entry);
    } else {
      for (json& row : entry) add(name, row);
    }
  }
  return rows;
}

std::vector<json> take_elements(json& list) {
  std::vector<json> out;
  for (json& element : list) out.push_back(std::move(element));
  return out;
}

Found records_in(json document) {
  if (document.is_array()) return {"a JSON array", "", take_elements(document)};
  // The longest list of objects among the members: a file of results has one beside its metadata.
  std::string longest;
  for (const auto& [name, value] : document.items()) {
    if (!holds_objects(value)) continue;
    if (longest.empty() || value.size() > document[longest].size()) longest = name;
  }
  if (!longest.empty() && document[longest].size() > 1) {
    return {fmt::format("the array '{}' of a JSON object", name_for_message(longest)), longest,
            take_elements(document[longest])};
  }
  for (auto& [name, value] : document.items()) {
    if (is_table(value) && value.size() > 1) {
      return {fmt::format("the table '{}' of a JSON object", name_for_message(name)), name,
              rows_of_table(value)};
    }
  }
  if (is_table(document) && document.size() > 1) {
    return {"a table of JSON objects", "", rows_of_table(document)};
  }
  Found one{one_object, "", {}};
  one.records.push_back(std::move(document));
  return one;
}

class Reader {
 public:
  Reader(std::string path, RecordLimits limits, const RecordSink& sink)
      : path_(std::move(path)), limits_(limits), sink_(sink) {
    summary_.name = std::filesystem::path(path_).filename().string();
  }

  Result<RecordsSummary> read() {
    Result<std::optional<json>> document = whole_document();
    if (!document) return tl::unexpected(document.error());
    Result<void> done = *document ? take_document(std::move(**document)) : read_lines();
    if (!done) return tl::unexpected(done.error());
    return std::move(summary_);
  }

 private:
  Result<LineSource> open() {
    Result<std::unique_ptr<ByteSource>> bytes = open_bytes(path_);
    if (!bytes) return tl::unexpected(bytes.error());
    summary_.packing = (*bytes)->packing();
    return LineSource(std::move(*bytes), path_, limits_.source);
  }

  /// The file as one JSON document, if it is one and no JSON lines: an array, an object written
  /// over several lines, or a single object that holds records.
  Result<std::optional<json>> whole_document() {
    Result<LineSource> source = open();
    if (!source) return tl::unexpected(source.error());
    SourceLine line;
    std::string text;
    bool first = true;
    while (true) {
      const Result<bool> more = source->next(line);
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
      if (is_blank(line.text) && !line.too_long) continue;
      if (first && !may_begin_document(line)) return std::nullopt;
      // A whole object and another line behind it: JSON lines.
      if (!first && first_is_whole_) return std::nullopt;
      first = false;
      if (line.too_long || text.size() + line.text.size() > limits_.max_document_bytes) {
        return std::nullopt;
      }
      text += line.text + "\n";
    }
    if (text.empty()) return std::nullopt;
    Result<json> document = parse_exactly(text);
    if (!document) return std::nullopt;
    return std::optional(std::move(*document));
  }

  bool may_begin_document(const SourceLine& line) {
    const std::size_t start = line.text.find_first_not_of(" \t");
    if (line.too_long || start == std::string::npos) return false;
    if (line.text[start] != '{' && line.text[start] != '[') return false;
    const Result<json> alone = parse_json(line.text);
    first_is_whole_ = alone.has_value() && alone->is_object();
    return true;
  }

  Result<void> read_lines() {
    Result<LineSource> source = open();
    if (!source) return tl::unexpected(source.error());
    summary_.container = "JSON lines";
    SourceLine line;
    while (true) {
      const Result<bool> more = source->next(line);
      if (!more) return tl::unexpected(more.error());
      if (!*more) return {};
      if (is_blank(line.text) && !line.too_long) continue;
      const std::string where = fmt::format("{}:{}", summary_.name, line.number);
      std::optional<json> record = record_of(line, where, summary_);
      if (!record) continue;
      ++summary_.records;
      if (Result<void> done = sink_(std::move(*record), where); !done) return done;
    }
  }

  Result<void> take_document(json document) {
    Found found = records_in(std::move(document));
    // One record on one line is JSON lines, too.
    const bool is_line = first_is_whole_ && found.container == one_object;
    return is_line ? read_lines() : take(std::move(found));
  }

  Result<void> take(Found found) {
    summary_.container = found.container;
    const bool texts_alone = std::all_of(found.records.begin(), found.records.end(), holds_texts);
    std::size_t place = 0;
    for (json& record : found.records) {
      const std::string where =
          fmt::format("{}, {}[{}]", summary_.name, name_for_message(found.path), place++);
      ++summary_.lines;
      if (texts_alone) {  // completions by place
        record = json{{"id", place - 1}, {"completions", std::move(record)}};
      }
      if (!record.is_object()) {
        count_unreadable(summary_, &Unreadable::not_an_object, where,
                         fmt::format("a JSON {}, no object", record.type_name()));
        continue;
      }
      ++summary_.records;
      if (Result<void> done = sink_(std::move(record), where); !done) return done;
    }
    return {};
  }

  std::string path_;
  RecordLimits limits_;
  const RecordSink& sink_;
  RecordsSummary summary_;
  bool first_is_whole_ = false;
};

}  // namespace

json summary_json(const RecordsSummary& summary) {
  const Unreadable& bad = summary.unreadable;
  return {{"name", summary.name},
          {"packing", summary.packing.empty() ? json(nullptr) : json(summary.packing)},
          {"container", summary.container},
          {"lines", summary.lines},
          {"records", summary.records},
          {"unreadable",
           {{"count", bad.total()},
            {"not_json", bad.not_json},
            {"not_an_object", bad.not_an_object},
            {"not_utf8", bad.not_utf8},
            {"too_long", bad.too_long},
            {"examples", bad.examples}}}};
}

Result<RecordsSummary> read_records(const std::string& path, const RecordSink& sink,
                                    const RecordLimits& limits) {
  return Reader(path, limits, sink).read();
}

}  // namespace assay::score
