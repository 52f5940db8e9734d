#include "core/journal.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <tuple>

#include "core/json_access.h"
#include "core/types.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = R"({"crc":")";
constexpr std::string_view kMiddle = R"(","record":)";
constexpr std::size_t kCrcDigits = 8;

std::string crc_hex(std::string_view text) {
  const auto* bytes = reinterpret_cast<const Bytef*>(text.data());
  return fmt::format("{:08x}", crc32_z(0, bytes, text.size()));
}

/// Where each key's sample stands in Journal::samples.
using SamplePlaces = std::map<std::string, std::size_t>;

/// A sample that failed may be followed by its second attempt, which replaces it with its verdicts.
Result<void> file_sample(const std::string& key, json record, Journal* out, SamplePlaces* places) {
  const auto [place, is_new] = places->emplace(key, out->samples.size());
  if (is_new) {
    out->samples.push_back(std::move(record));
    return {};
  }
  json& earlier = out->samples[place->second];
  if (json_text(earlier, "stop") != stop_reason_name(StopReason::error)) {
    return env_failure("sample '" + key + "' stands there twice");
  }
  earlier = std::move(record);
  out->grades.erase(key);
  out->chains.erase(key);
  return {};
}

/// Puts one record where it belongs; a failure says why it cannot be.
Result<void> file_record(json record, Journal* out, SamplePlaces* places) {
  const std::string type = json_text(record, "type");
  const std::string key = json_text(record, "key");
  if (type == "plan") {
    if (!out->plan.is_null()) return env_failure("a second plan record");
    const std::int64_t version = json_integer(record, "schema_version").value_or(0);
    if (version != kJournalVersion) {
      return env_failure(
          fmt::format("journal schema {}, this assay reads {}", version, kJournalVersion));
    }
    out->plan = std::move(record);
  } else if (out->plan.is_null()) {
    return env_failure("the first record is not the plan");
  } else if (type == "sample" || type == "grade" || type == "chain") {
    if (key.empty()) return env_failure("a record without its key");
    if (type == "grade") {
      out->grades[key] = std::move(record);
    } else if (type == "chain") {
      out->chains[key] = std::move(record);
    } else {
      return file_sample(key, std::move(record), out, places);
    }
  } else if (type == "retention") {
    // Named first: the right side of an assignment is evaluated before the left.
    const std::string task = json_text(record, "task");
    out->retention[task] = std::move(record);
  } else if (type == "bench") {
    out->bench.push_back(std::move(record));
  } else if (type == "totals") {
    out->totals.push_back(std::move(record));
  } else if (type != "resume") {
    return env_failure("unknown record type '" + type + "'");
  }
  return {};
}

void sort_samples(Journal* journal) {
  std::map<std::string, std::int64_t> place;
  for (const json& task : json_list(journal->plan, "tasks")) {
    place.emplace(json_text(task, "name"), static_cast<std::int64_t>(place.size()));
  }
  const auto order = [&place](const json& sample) {
    const auto it = place.find(json_text(sample, "task"));
    const auto task = it == place.end() ? static_cast<std::int64_t>(place.size()) : it->second;
    return std::tuple(task, json_integer(sample, "index").value_or(0),
                      json_integer(sample, "sample").value_or(0));
  };
  std::stable_sort(journal->samples.begin(), journal->samples.end(),
                   [&order](const json& a, const json& b) { return order(a) < order(b); });
}

}  // namespace

std::string journal_line(const json& record) {
  // Text of a model may hold broken UTF-8: replaced, never thrown at (ids keep the exact bytes).
  const std::string body = record.dump(-1, ' ', false, json::error_handler_t::replace);
  return fmt::format("{}{}{}{}}}\n", kPrefix, crc_hex(body), kMiddle, body);
}

Result<json> parse_journal_line(std::string_view line) {
  const std::size_t body_at = kPrefix.size() + kCrcDigits + kMiddle.size();
  if (line.size() <= body_at + 1 || line.substr(0, kPrefix.size()) != kPrefix ||
      line.substr(kPrefix.size() + kCrcDigits, kMiddle.size()) != kMiddle || line.back() != '}') {
    return env_failure("not a journal line");
  }
  const std::string_view body = line.substr(body_at, line.size() - body_at - 1);
  if (line.substr(kPrefix.size(), kCrcDigits) != crc_hex(body)) {
    return env_failure("its checksum does not match");
  }
  Result<json> record = parse_json(body);
  if (record && !record->is_object()) return env_failure("it is not a JSON object");
  return record;
}

Result<Journal> parse_journal(std::string_view text, const std::string& name) {
  Journal journal;
  SamplePlaces places;
  std::size_t line_number = 0;
  while (journal.sound_bytes < text.size()) {
    ++line_number;
    const std::size_t end = text.find('\n', journal.sound_bytes);
    if (end == std::string_view::npos) {
      journal.cut_last_line = true;
      break;
    }
    Result<json> record =
        parse_journal_line(text.substr(journal.sound_bytes, end - journal.sound_bytes));
    Result<void> filed;
    if (record) filed = file_record(std::move(*record), &journal, &places);
    if (!record || !filed) {
      const Error& why = record ? filed.error() : record.error();
      return env_failure(
          fmt::format("{} line {} is damaged: {}", name, line_number, why.message()),
          line_number == 1  // the plan: nothing says what the others belong to
              ? "restore the file, or choose another --out"
              : "delete that line: --resume makes what it held again; or restore the file");
    }
    journal.sound_bytes = end + 1;
  }
  if (journal.plan.is_null()) {
    return env_failure(name + " holds no plan record", "it is not a journal of assay run or bench");
  }
  sort_samples(&journal);
  return journal;
}

Result<Journal> read_journal(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return env_failure("cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return env_failure("cannot read " + path);
  return parse_journal(text, path);
}

}  // namespace assay
