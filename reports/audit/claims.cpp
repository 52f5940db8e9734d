#include "reports/audit/claims.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json_access.h"
#include "core/jsonl.h"
#include "core/text.h"
#include "reports/audit/embedded.h"
#include "reports/audit/fields.h"
#include "reports/audit/settings.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::int64_t kClaimsVersion = 1;
constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxClaims = 10000;
constexpr std::size_t kMaxEvidence = 100;
constexpr double kMaxNumber = 1e18;

/// Other names under which people write a metric.
std::string canonical_metric(const std::string& name) {
  constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
      {"accuracy", "score"},
      {"pass@1", "score"},
      {"pass_at_1", "score"},
      {"tokens_per_s", "decode_tokens_per_s"},
      {"decode_tok_s", "decode_tokens_per_s"},
      {"prefill_tok_s", "prefill_tokens_per_s"},
      {"license", "licence"},
      {"size_bytes", "file_bytes"},
      {"memory_bytes", "peak_memory_bytes"}};
  for (const auto& [alias, metric] : kAliases) {
    if (name == alias) return std::string(metric);
  }
  return name;
}

bool is_text_metric(const std::string& metric) {
  return metric == "licence" || metric == "feature" || metric == "comparison";
}

void read_metric(Fields& of, Claim* claim) {
  claim->metric = canonical_metric(of.text("metric"));
  std::vector<std::string_view> names;
  for (const MetricWords& known : known_metrics()) names.push_back(known.name);
  if (std::find(names.begin(), names.end(), claim->metric) == names.end()) {
    of.fail("metric", fmt::format("is unknown: '{}'; known are {}",
                                  name_for_message(claim->metric, 60), fmt::join(names, ", ")));
  }
}

void read_value(Fields& of, Claim* claim) {
  const json& value = json_member(of.object(), "value");
  if (is_text_metric(claim->metric)) {
    if (value.is_boolean()) {
      claim->value = value;
    } else if (value.is_string()) {
      claim->value = of.text("value");
    } else {
      of.fail("value", "must be a text, or true or false");
    }
    return;
  }
  const bool is_share = claim->metric == "score" || claim->metric == "chain_retention";
  const auto number = json_number(of.object(), "value");
  if (is_share && number && *number > 1 && *number <= 100) {
    of.fail("value",
            fmt::format("is a share from 0 to 1: write {:g} for {:g} %", *number / 100, *number));
  }
  claim->value = of.number("value", 0, is_share ? 1 : kMaxNumber).value_or(0);
  const bool must_be_positive = !is_share && claim->metric != "rating";
  if (must_be_positive && claim->number() <= 0) of.fail("value", "must be above 0");
}

/// "MODEL", "MODEL on DEVICE", or {model, device, precision, task}.
void read_subject(Fields& of, Claim* claim, std::string* error) {
  const json& subject = json_member(of.object(), "subject");
  if (subject.is_string()) {
    const std::string text = of.text("subject");
    const std::size_t on = text.find(" on ");
    claim->model = text.substr(0, on);
    if (on != std::string::npos) claim->device = text.substr(on + 4);
    return;
  }
  if (!subject.is_object()) {
    of.fail("subject", "must be a model's name, or {model, device, precision, task}");
    return;
  }
  Fields inner(subject, of.where() + ".subject", error);
  claim->model = inner.text("model");
  claim->device = inner.text("device", false);
  claim->precision = inner.text("precision", false);
  claim->task = inner.text("task", false);
}

void read_conditions(Fields& of, Claim* claim, std::string* error) {
  const json& conditions = json_member(of.object(), "conditions");
  claim->conditions = "unstated";
  if (conditions.is_string()) claim->conditions = of.text("conditions");
  if (conditions.is_object()) {
    Fields inner(conditions, of.where() + ".conditions", error);
    if (claim->precision.empty()) claim->precision = inner.text("precision", false);
    claim->batch = inner.integer("batch", 1, 1 << 20, false).value_or(1);
    claim->context = inner.integer("context", 0, std::int64_t{1} << 40, false).value_or(0);
    json shown = json::object();
    for (const auto& [name, value] : conditions.items()) {
      if (value.is_primitive()) shown[sanitize_for_terminal(name)] = value;
    }
    claim->conditions = shown;
    claim->settings = read_settings(inner, false);
  }
}

/// `settings` says more than conditions in words do.
json settings_of(Fields& of, json so_far, std::string* error) {
  const json& settings = json_member(of.object(), "settings");
  if (settings.is_null()) return so_far;
  Fields inner(settings, of.where() + ".settings", error);
  so_far.update(read_settings(inner, true));
  return so_far;
}

Evidence read_evidence(const json& value, const std::string& where, std::string* error) {
  Fields of(value, where, error);
  Evidence out;
  const json& found = json_member(value, "value");
  if (found.is_string()) {
    out.value = of.text("value");
  } else if (found.is_boolean()) {
    out.value = found;
  } else {
    out.value = of.number("value", 0, kMaxNumber).value_or(0);
  }
  out.problems = of.integer("n", 1, 1 << 30, false).value_or(0);
  out.samples = of.integer("samples_per_problem", 1, 1 << 20, false).value_or(0);
  out.conditions = of.text("conditions", false);
  out.source = of.text("source");
  out.settings = settings_of(of, json::object(), error);
  out.verified = of.flag("verified", true);
  return out;
}

std::string words_of(const Claim& claim) {
  const std::string value =
      claim.value.is_string() ? claim.value.get<std::string>() : claim.value.dump();
  return fmt::format("{}: {} {}{}", claim.model, claim.metric, value,
                     claim.device.empty() ? "" : " on " + claim.device);
}

Claim read_claim(const json& value, std::size_t index, ClaimsFile* file, std::string* error) {
  Fields of(value, fmt::format("claims[{}]", index), error);
  Claim out;
  out.id = of.text("id", false);
  if (out.id.empty()) out.id = std::to_string(index + 1);
  out.reading = of.text("reading", false);
  out.source = of.text("source");
  out.undefined = of.text("undefined", false);
  out.note = of.text("note", false);
  out.statistic = of.text("statistic", false);
  read_metric(of, &out);
  read_value(of, &out);
  read_subject(of, &out, error);
  if (const std::string task = of.text("task", false); !task.empty()) out.task = task;
  if (const std::string device = of.text("device", false); !device.empty()) out.device = device;
  if (const std::string p = of.text("precision", false); !p.empty()) out.precision = p;
  read_conditions(of, &out, error);
  if (!is_known_precision(out.precision)) {
    of.fail("precision", fmt::format("is unknown: '{}'; known are fp16, int8, Q4, 3 bits, "
                                     "Q4_K_M and the like, or quantised",
                                     name_for_message(out.precision, 60)));
  }
  out.settings = settings_of(of, out.settings, error);
  if (!out.precision.empty()) out.settings["precision"] = out.precision;
  out.resolution = of.number("resolution", 0, kMaxNumber, false);
  out.problems = of.integer("n", 1, 1 << 30, false).value_or(0);
  out.samples = of.integer("samples_per_problem", 1, 1 << 20, false).value_or(0);
  out.prompt_tokens = of.integer("prompt_tokens", 1, 1 << 30, false).value_or(0);
  out.output_tokens = of.integer("output_tokens", 1, 1 << 30, false).value_or(0);
  if (const auto context = of.integer("context", 1, std::int64_t{1} << 40, false)) {
    out.context = *context;
  }
  const json& evidence = json_list(value, "evidence");
  if (evidence.size() > kMaxEvidence) of.fail("evidence", "has too many entries");
  for (std::size_t i = 0; i < std::min(evidence.size(), kMaxEvidence); ++i) {
    out.evidence.push_back(
        read_evidence(evidence[i], fmt::format("claims[{}].evidence[{}]", index, i), error));
  }
  out.claim = of.text("claim", false);
  if (out.claim.empty()) out.claim = words_of(out);
  const std::string unknown = of.unknown_member({"id",
                                                 "claim",
                                                 "reading",
                                                 "subject",
                                                 "metric",
                                                 "value",
                                                 "conditions",
                                                 "settings",
                                                 "source",
                                                 "undefined",
                                                 "note",
                                                 "statistic",
                                                 "task",
                                                 "device",
                                                 "precision",
                                                 "resolution",
                                                 "n",
                                                 "samples_per_problem",
                                                 "prompt_tokens",
                                                 "output_tokens",
                                                 "context",
                                                 "evidence"});
  if (!unknown.empty() && file->notes.size() < 100) {
    file->notes.push_back(fmt::format("claims[{}]: '{}' is no member of a claim and was left out",
                                      index, name_for_message(unknown, 60)));
  }
  return out;
}

}  // namespace

const std::vector<MetricWords>& known_metrics() {
  static const std::vector<MetricWords> kMetrics = {
      {"score", "share", "right answers on a task, from 0 to 1"},
      {"decode_tokens_per_s", "tokens/s", "output tokens a second"},
      {"prefill_tokens_per_s", "tokens/s", "prompt tokens a second"},
      {"request_seconds", "s", "prompt_tokens in and output_tokens out"},
      {"latency_ms", "ms", "any other time"},
      {"file_bytes", "bytes", "size of the weights"},
      {"read_bytes_per_token", "bytes", "weights that one decode step reads"},
      {"peak_memory_bytes", "bytes", "largest memory in use"},
      {"memory_suffices_bytes", "bytes", "memory that is said to be enough"},
      {"parameters", "weights", "number of weights"},
      {"weights_read_per_token", "weights", "number that one decode step reads"},
      {"context_tokens", "tokens", "longest context"},
      {"training_samples", "samples", "size of the training data"},
      {"busy_cores", "cores", "cores that work"},
      {"rating", "points", "a rating of any scale"},
      {"chain_retention", "share", "what is kept of another model's chains"},
      {"licence", "", "a licence's name"},
      {"feature", "", "something it is said to do"},
      {"comparison", "", "something it is said to equal"}};
  return kMetrics;
}

Result<ClaimsFile> parse_claims(std::string_view text, const std::string& name) {
  const std::string where = name_for_message(name, 200);
  const auto wrong = [&where](const std::string& what) {
    return env_failure(fmt::format("{}: {}", where, what),
                       "docs/formats.md has the form of claims, reports/audit/claims an example");
  };
  if (text.size() > kMaxFileBytes) return wrong("larger than 4 MiB");
  Result<json> parsed = parse_json(text);
  if (!parsed) return wrong(parsed.error().message());
  const json& root = *parsed;
  ClaimsFile out;
  std::string error;
  if (root.is_object()) {
    const json& version = json_member(root, "schema_version");
    if (!version.is_null() && json_integer(root, "schema_version") != kClaimsVersion) {
      return wrong(fmt::format("schema version {}, this assay reads {}",
                               name_for_message(version.dump(), 40), kClaimsVersion));
    }
    Fields of(root, "", &error);
    out.title = of.text("title", false);
    for (const json& shape : json_list(root, "models")) {
      Result<ModelShape> read = parse_shape(shape, fmt::format("models[{}]", out.shapes.size()));
      if (!read) return wrong(read.error().message());
      out.shapes.push_back(std::move(*read));
    }
    for (const json& device : json_list(root, "devices")) {
      Result<DeviceProfile> read =
          parse_device(device, fmt::format("devices[{}]", out.devices.size()));
      if (!read) return wrong(read.error().message());
      out.devices.push_back(std::move(*read));
    }
  }
  out.shapes.insert(out.shapes.end(), known_shapes().begin(), known_shapes().end());
  out.devices.insert(out.devices.end(), known_devices().begin(), known_devices().end());
  const json& list = root.is_array() ? root : json_list(root, "claims");
  if (list.empty()) return wrong("holds no claims");
  if (list.size() > kMaxClaims) return wrong(fmt::format("more than {} claims", kMaxClaims));
  for (std::size_t i = 0; i < list.size() && error.empty(); ++i) {
    out.claims.push_back(read_claim(list[i], i, &out, &error));
  }
  if (!error.empty()) return wrong(error);
  return out;
}

Result<ClaimsFile> load_claims(const std::string& name_or_path) {
  for (const EmbeddedText& file : embedded_claims()) {
    if (file.name == name_or_path) return parse_claims(file.text, name_or_path);
  }
  JsonlLimits limits;
  limits.max_file_bytes = kMaxFileBytes;
  limits.max_text_bytes = kMaxFileBytes;
  Result<TextFile> file = read_text_file(name_or_path, limits);
  if (!file) return tl::unexpected(file.error());
  return parse_claims(file->text, name_or_path);
}

}  // namespace assay
