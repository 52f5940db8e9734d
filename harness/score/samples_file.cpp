#include "harness/score/samples_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/journal.h"
#include "core/json_access.h"
#include "core/jsonl.h"
#include "core/text.h"
#include "evals/common/extract_answer.h"
#include "harness/score/reply_texts.h"

namespace assay::score {
namespace {

using nlohmann::json;

/// So many records are looked at before the shape is decided.
constexpr std::size_t head_records = 200;
/// All completions together, in memory.
constexpr std::size_t max_total_bytes = std::size_t{4} << 30;

/// A string, or a number as it is written; nothing for anything else.
std::optional<std::string> scalar_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    // 27.0 is how some files write the integer 27.
    if (number == std::floor(number) && std::abs(number) < 1e15) {
      return fmt::format("{:.0f}", number);
    }
    return value.dump();
  }
  return std::nullopt;
}

std::optional<bool> label_of(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number() && (value == 0 || value == 1)) return value == 1;
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "pass" || text == "passed" || text == "correct" || text == "true") return true;
    if (text == "fail" || text == "failed" || text == "incorrect" || text == "false") return false;
  }
  if (value.is_object()) {
    for (const char* name : {"correctness", "is_correct", "correct"}) {
      if (const auto flag = label_of(json_member(value, name))) return flag;
    }
  }
  return std::nullopt;
}

std::optional<StopReason> stop_of(const json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text == "stop" || text == "eos" || text == "end_turn") return StopReason::eos;
  if (text == "stop_string" || text == "stop_sequence") return StopReason::stop_string;
  if (text == "length" || text == "max_tokens") return StopReason::length;
  return std::nullopt;
}

std::optional<std::int64_t> token_count(const json& record) {
  for (const char* path : {"usage.completion_tokens", "response.body.usage.completion_tokens",
                           "completion_tokens", "n_tokens", "tokens"}) {
    const json& count = field_at(record, path);
    if (count.is_number_unsigned()) return json_integer(json{{"n", count}}, "n");
  }
  return std::nullopt;
}

/// The i-th label of a record: of a list or of keyed objects as the texts are, else the one for
/// all.
std::optional<bool> label_at(const json& value, std::size_t i, std::size_t n_texts) {
  if (const auto one = label_of(value)) return one;
  if (value.size() != n_texts || !(value.is_array() || value.is_object())) return std::nullopt;
  return label_of(*std::next(value.begin(), static_cast<std::ptrdiff_t>(i)));
}

class SampleBuilder {
 public:
  SampleBuilder(SamplesFile& file) : file_(file) {}

  Result<void> add(const json& record, const std::string& where) {
    if (is_other_filter(record)) {
      ++file_.other_filters;
      return {};
    }
    const SampleFields& fields = file_.shape.fields;
    const json& completion = field_at(record, fields.completion);
    std::vector<std::string> texts = reply_texts(completion);
    if (texts.empty()) ++file_.without_completion;
    ForeignSample sample;
    sample.where = where;
    const json& id = field_at(record, fields.id);
    sample.id = scalar_text(id).value_or("");
    if (id.is_number_integer()) sample.place = json_integer(json{{"id", id}}, "id");
    sample.question = prompt_text(field_at(record, fields.question));
    if (sample.question.empty() && completion.is_array()) sample.question = prompt_text(completion);
    if (auto gold = scalar_text(field_at(record, fields.answer))) {
      sample.gold = gold_answer(*gold);
    }
    const json& index = field_at(record, fields.sample);
    if (index.is_number_integer()) sample.sample = json_integer(json{{"i", index}}, "i");
    sample.stop = stop_of(field_at(record, fields.stop));
    // One count for several texts says nothing of each.
    if (texts.size() == 1) sample.n_tokens = token_count(record);
    const json& label = field_at(record, fields.label);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      total_bytes_ += texts[i].size();
      if (total_bytes_ > max_total_bytes) {
        return env_failure(fmt::format("{}: the completions together are larger than {}", where,
                                       format_bytes(std::int64_t{max_total_bytes})),
                           "split the file by problem");
      }
      sample.text = std::move(texts[i]);
      sample.label = label_at(label, i, texts.size());
      if (texts.size() > 1) sample.sample.reset();
      file_.samples.push_back(sample);
    }
    return {};
  }

 private:
  /// lm-eval logs a document once for each filter, with the same responses.
  bool is_other_filter(const json& record) {
    if (file_.shape.name != "lm-eval") return false;
    const std::string filter = json_text(record, "filter");
    if (!filter_) filter_ = filter;
    return filter != *filter_;
  }

  SamplesFile& file_;
  std::optional<std::string> filter_;
  std::size_t total_bytes_ = 0;
};

std::optional<StopReason> journal_stop(const std::string& name) {
  for (const StopReason reason : {StopReason::eos, StopReason::stop_string, StopReason::length}) {
    if (stop_reason_name(reason) == name) return reason;
  }
  return std::nullopt;
}

ForeignSample journal_sample(const json& record, const Journal& journal, const std::string& name) {
  ForeignSample sample;
  const std::string key = json_text(record, "key");
  sample.id = json_text(record, "problem");
  sample.sample = json_integer(record, "sample");
  sample.text = json_text(record, "text");
  sample.stop = journal_stop(json_text(record, "stop"));
  sample.where = fmt::format("{}, {}", name, name_for_message(key));
  if (json_text(record, "stop") == "error") sample.error = json_text(record, "error") + " ";
  for (const json& id : json_list(record, "tokens")) {
    if (id.is_number_integer()) sample.tokens.push_back(id.get<TokenId>());
  }
  if (const auto grade = journal.grades.find(key); grade != journal.grades.end()) {
    const std::string gold = json_text(grade->second, "gold");
    if (!gold.empty()) sample.gold = gold;
    const std::string verdict = json_text(grade->second, "verdict");
    if (verdict != "undecided" && !verdict.empty()) sample.label = verdict == "equal";
  }
  return sample;
}

Result<void> read_journal_samples(const std::string& path, const std::string& task,
                                  SamplesFile& file) {
  const Result<TextFile> text = read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  const Result<Journal> journal = parse_journal(text->text, file.summary.name);
  if (!journal) return tl::unexpected(journal.error());
  bool thinking = false;
  for (const json& planned : json_list(journal->plan, "tasks")) {
    if (json_text(planned, "name") == task) {
      thinking = json_text(planned, "chain_profile") == "thinking";
    }
  }
  for (const json& record : journal->samples) {
    if (json_text(record, "task") != task) {
      ++file.other_tasks;
      continue;
    }
    file.samples.push_back(journal_sample(record, *journal, file.summary.name));
    file.samples.back().thinking = thinking;
  }
  return {};
}

/// The number at the end of an id, and what stands before it.
std::optional<std::pair<std::string_view, std::int64_t>> numbered(std::string_view id) {
  constexpr std::size_t most_digits = 9;
  std::size_t begin = id.size();
  while (begin > 0 && id[begin - 1] >= '0' && id[begin - 1] <= '9') --begin;
  if (begin == id.size() || id.size() - begin > most_digits) return std::nullopt;
  return std::pair(id.substr(0, begin), std::stoll(std::string(id.substr(begin))));
}

/// The 7 of "request-7", where all ids are such with one prefix.
void take_numbers(std::vector<ForeignSample>& samples) {
  std::optional<std::string_view> prefix;
  for (const ForeignSample& sample : samples) {
    const auto parts = numbered(sample.id);
    if (sample.place || !parts || (prefix && *prefix != parts->first)) return;
    prefix = parts->first;
  }
  for (ForeignSample& sample : samples) sample.number = numbered(sample.id)->second;
}

}  // namespace

Result<SamplesFile> read_samples(const std::string& path, const SampleFields& given,
                                 const std::string& task, const RecordLimits& limits) {
  SamplesFile file;
  SampleBuilder builder(file);
  std::vector<json> head;
  std::vector<std::string> places;
  bool decided = false;
  const auto decide = [&]() -> Result<void> {
    decided = true;
    Result<SampleShape> shape = recognise_shape(head, given);
    if (!shape) {
      return failure(shape.error().kind(), fmt::format("{}: {}", path, shape.error().message()),
                     shape.error().hint());
    }
    file.shape = std::move(*shape);
    for (std::size_t i = 0; i < head.size() && file.shape.name != journal_shape; ++i) {
      if (Result<void> done = builder.add(head[i], places[i]); !done) return done;
    }
    head.clear();
    return {};
  };
  const auto sink = [&](const json& record, const std::string& where) -> Result<void> {
    if (decided) {
      return file.shape.name == journal_shape ? Result<void>() : builder.add(record, where);
    }
    head.push_back(record);
    places.push_back(where);
    return head.size() == head_records ? decide() : Result<void>();
  };
  Result<RecordsSummary> summary = read_records(path, sink, limits);
  if (!summary) return tl::unexpected(summary.error());
  file.summary = std::move(*summary);
  if (!decided) {
    const Unreadable& bad = file.summary.unreadable;
    if (head.empty() && bad.total() > 0) {
      return env_failure(fmt::format("{}: none of its {} lines holds a record ({})", path,
                                     file.summary.lines, bad.examples.front()),
                         "give JSON lines or a JSON document in UTF-8");
    }
    if (Result<void> done = decide(); !done) return tl::unexpected(done.error());
  }
  take_numbers(file.samples);
  if (file.shape.name == journal_shape) {
    if (auto done = read_journal_samples(path, task, file); !done) {
      return tl::unexpected(done.error());
    }
  }
  return file;
}

std::string gold_answer(const std::string& text) {
  const auto trimmed = [](std::string_view part) {
    const std::size_t begin = part.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return std::string();
    return std::string(part.substr(begin, part.find_last_not_of(" \t\r\n") - begin + 1));
  };
  if (const std::size_t mark = text.rfind("####"); mark != std::string::npos) {
    return trimmed(std::string_view(text).substr(mark + 4));
  }
  const std::size_t last_line = text.rfind('\n');
  if (last_line != std::string::npos && text.compare(last_line + 1, 2, "A:") == 0) {
    return trimmed(std::string_view(text).substr(last_line + 3));
  }
  if (text.find("\\boxed") != std::string::npos || text.find("\\fbox") != std::string::npos) {
    const auto boxed = evals::extract_answer(text);
    if (boxed && boxed->tier == evals::AnswerTier::boxed) return boxed->text;
  }
  return trimmed(text);
}

}  // namespace assay::score
