#include "harness/score/sample_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/json_access.h"
#include "core/text.h"

namespace assay::score {
namespace {

using nlohmann::json;

/// A tool's file: the fields that prove it, and what they hold.
struct KnownShape {
  const char* name;
  std::vector<const char*> proof;
  SampleFields fields;
};

/// The most particular first: the first one that fits is taken.
const std::vector<KnownShape>& known_shapes() {
  static const std::vector<KnownShape> shapes = {
      {journal_shape, {"crc", "record"}, {}},
      // lm-evaluation-harness --log_samples: `resps` holds what the model wrote, before filters.
      {"lm-eval", {"doc_id", "resps"}, {"doc_id", "resps", "target", "", "", "", ""}},
      // Qwen2.5-Math's evaluation, and those that grew from it (ToRA, SkyThought's evaluations).
      {"qwen-math", {"idx", "code", "gt"}, {"idx", "code", "gt", "question", "score", "", ""}},
      // SkyThought's tools: responses by temperature, each {content, correctness}.
      {"skythought",
       {"problem", "responses"},
       {"", "responses", "answer", "problem", "responses", "", ""}},
      {"humaneval", {"task_id", "completion"}, {"task_id", "completion", "", "", "passed", "", ""}},
      // Reflexion and LDB: each record brings its test.
      {"reflexion",
       {"task_id", "solution", "test"},
       {"task_id", "solution", "", "", "is_solved", "", ""}},
      {"evalplus", {"task_id", "solution"}, {"task_id", "solution", "", "", "", "", ""}},
      // OpenAI's batches: a chat completion inside each response.
      {"openai-batch",
       {"custom_id", "response.body.choices"},
       {"custom_id", "response.body.choices", "", "", "", "", ""}},
      {"plain", {"id", "completion"}, {"id", "completion", "", "", "", "", ""}},
      {"plain", {"id", "completions"}, {"id", "completions", "", "", "", "", ""}},
  };
  return shapes;
}

// What unknown files call their fields, the surest names first. "answer" is sometimes the gold
// answer and sometimes the model's, so it is never taken unasked.
constexpr std::array id_names = {"task_id", "problem_id", "unique_id", "question_id",
                                 "doc_id",  "idx",        "id",        "index"};
constexpr std::array completion_names = {
    "completion",     "completions",  "generation",    "generations", "generated_text",
    "response",       "responses",    "output",        "outputs",     "model_output",
    "model_outputs",  "samples",      "prediction",    "predictions", "full_response",
    "model_response", "raw_response", "raw_output",    "text",        "texts",
    "choices",        "messages",     "conversations", "conversation"};
constexpr std::array answer_names = {"gt",
                                     "gold",
                                     "target",
                                     "ground_truth",
                                     "correct_answer",
                                     "expected_answer",
                                     "gold_answer",
                                     "reference_answer",
                                     "reference"};
constexpr std::array question_names = {"question", "problem",     "prompt",
                                       "query",    "instruction", "input"};
constexpr std::array label_names = {"is_solved", "passed",      "base_status", "is_correct",
                                    "correct",   "correctness", "score",       "label"};
constexpr std::array sample_names = {"sample", "sample_index", "sample_id", "completion_id"};
constexpr std::array stop_names = {"finish_reason", "stop_reason", "finish_reasons"};

bool is_there(const json& record, std::string_view path) {
  return !field_at(record, path).is_null();
}

std::size_t count_with(std::span<const json> records, std::string_view path) {
  return static_cast<std::size_t>(std::count_if(
      records.begin(), records.end(), [path](const json& r) { return is_there(r, path); }));
}

/// More than half of the records: a few broken ones do not hide a shape.
bool in_most(std::span<const json> records, std::string_view path) {
  return 2 * count_with(records, path) > records.size();
}

template <class Names>
std::string first_in_most(std::span<const json> records, const Names& names) {
  for (const char* name : names) {
    if (in_most(records, name)) return name;
  }
  return "";
}

std::string grounds_of(std::span<const json> records, const std::vector<std::string>& fields) {
  std::size_t n = records.size();
  for (const std::string& field : fields) n = std::min(n, count_with(records, field));
  return fmt::format("{} in {} of the first {} records", fmt::join(fields, " and "), n,
                     records.size());
}

/// Whether a value can be a completion, or several: text, or a list or object that holds text.
bool holds_text(const json& value, int depth = 0) {
  if (value.is_string()) return true;
  if (depth > 2 || (!value.is_array() && !value.is_object())) return false;
  return std::any_of(value.begin(), value.end(),
                     [depth](const json& e) { return holds_text(e, depth + 1); });
}

/// Dotted paths to the texts of a record, for an error message.
void list_texts(const json& value, const std::string& path, int depth,
                std::vector<std::string>& out) {
  for (const auto& [name, member] : value.items()) {
    const std::string here = path.empty() ? name : fmt::format("{}.{}", path, name);
    if (member.is_string()) out.push_back(name_for_message(here, 60));
    if (member.is_object() && depth < 2) list_texts(member, here, depth + 1, out);
  }
}

tl::unexpected<Error> no_completion(const json& record) {
  std::vector<std::string> texts;
  list_texts(record, "", 0, texts);
  constexpr std::size_t most = 16;
  if (texts.size() > most) texts.resize(most);
  return env_failure(
      "the records have no field that is known to hold completions",
      fmt::format("name it with --completion-field; texts are in: {}", fmt::join(texts, ", ")));
}

const KnownShape* find_known(std::span<const json> records) {
  for (const KnownShape& shape : known_shapes()) {
    if (std::all_of(shape.proof.begin(), shape.proof.end(),
                    [&](const char* field) { return in_most(records, field); })) {
      return &shape;
    }
  }
  return nullptr;
}

void fill_empty(std::string& field, const std::string& value) {
  if (field.empty()) field = value;
}

void override_with(std::string& field, const std::string& given) {
  if (!given.empty()) field = given;
}

/// A verdict in the same object as a completion that lies deeper: "model.is_correct".
std::string label_beside(std::span<const json> records, const std::string& completion) {
  const std::size_t dot = completion.rfind('.');
  if (dot == std::string::npos) return "";
  for (const char* name : label_names) {
    std::string path = completion.substr(0, dot + 1) + name;
    if (in_most(records, path)) return path;
  }
  return "";
}

/// An lm-eval record keeps the dataset's own record in `doc`.
void look_into_doc(std::span<const json> records, SampleFields& fields) {
  for (const char* name : {"task_id", "unique_id", "problem_id"}) {
    if (in_most(records, fmt::format("doc.{}", name))) {
      fields.id = fmt::format("doc.{}", name);
      break;
    }
  }
  for (const char* name : question_names) {
    if (fields.question.empty() && in_most(records, fmt::format("doc.{}", name))) {
      fields.question = fmt::format("doc.{}", name);
    }
  }
}

}  // namespace

const json& field_at(const json& record, std::string_view path) {
  static const json nothing;
  if (path.empty() || !record.is_object()) return nothing;
  for (std::size_t dot = path.size(); dot != std::string_view::npos && dot > 0;
       dot = path.rfind('.', dot - 1)) {
    const json& member = json_member(record, path.substr(0, dot));
    if (dot == path.size()) {
      if (!member.is_null()) return member;
    } else if (member.is_object()) {
      const json& inner = field_at(member, path.substr(dot + 1));
      if (!inner.is_null()) return inner;
    }
  }
  return nothing;
}

Result<SampleShape> recognise_shape(std::span<const json> records, const SampleFields& given) {
  if (records.empty()) return env_failure("the file holds no record", "give a file of samples");
  SampleShape shape;
  std::vector<std::string> grounds;
  if (const KnownShape* known = find_known(records)) {
    shape.name = known->name;
    shape.fields = known->fields;
    grounds.assign(known->proof.begin(), known->proof.end());
    if (shape.name == journal_shape) {
      shape.grounds = grounds_of(records, grounds);
      return shape;
    }
    if (shape.name == std::string_view("lm-eval")) look_into_doc(records, shape.fields);
  } else {
    shape.name = "fields found by name";
    shape.fields.completion = first_in_most(records, completion_names);
    if (!shape.fields.completion.empty() &&
        !holds_text(field_at(records.front(), shape.fields.completion))) {
      shape.fields.completion.clear();
    }
  }
  if (!given.completion.empty()) {
    if (shape.fields.completion != given.completion) shape.name = "given fields";
    shape.fields.completion = given.completion;
    grounds = {given.completion};
  }
  SampleFields& fields = shape.fields;
  if (fields.completion.empty()) return no_completion(records.front());
  fill_empty(fields.id, first_in_most(records, id_names));
  fill_empty(fields.answer, first_in_most(records, answer_names));
  fill_empty(fields.question, first_in_most(records, question_names));
  fill_empty(fields.label, label_beside(records, fields.completion));
  fill_empty(fields.label, first_in_most(records, label_names));
  fill_empty(fields.sample, first_in_most(records, sample_names));
  fill_empty(fields.stop, first_in_most(records, stop_names));
  override_with(fields.id, given.id);
  override_with(fields.answer, given.answer);
  for (const std::string& field : {given.id, given.completion, given.answer}) {
    if (!field.empty() && count_with(records, field) == 0) {
      return failure(ErrorKind::usage, fmt::format("no record has the field '{}'", field),
                     "a dot goes one object down, as in model_answers.first");
    }
  }
  if (grounds.empty()) grounds = {fields.completion};
  shape.grounds = grounds_of(records, grounds);
  return shape;
}

}  // namespace assay::score
