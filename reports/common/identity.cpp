#include "reports/common/identity.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

struct Field {
  const char* name;
  const char* label;
};

std::string first_difference(const json& a, const json& b, std::initializer_list<Field> fields) {
  for (const Field& field : fields) {
    const json& left = json_member(a, field.name);
    const json& right = json_member(b, field.name);
    if (left == right) continue;
    return fmt::format("{}: {} and {}", field.label, name_for_message(show_short(left), 40),
                       name_for_message(show_short(right), 40));
  }
  return {};
}

/// Finished, not failed, with tokens.
bool has_tokens(const json& row) {
  const std::string outcome = json_text(row, "outcome");
  return !outcome.empty() && outcome != "infrastructure_failure" &&
         !json_text(row, "tokens_hash").empty();
}

}  // namespace

RowsBySample rows_by_sample(const json& task) {
  RowsBySample out;
  for (const json& row : json_list(task, "problems")) {
    out.emplace(std::pair(json_text(row, "id"), json_integer(row, "sample").value_or(0)), &row);
  }
  return out;
}

std::string why_scores_differ_in_kind(const json& a, const json& b) {
  return first_difference(a, b,
                          {{"dataset_sha256", "the datasets differ"},
                           {"n_problems", "the numbers of problems differ"},
                           {"samples_per_problem", "the samples a problem differ"},
                           {"protocol", "the protocols differ"},
                           {"max_new_tokens", "the token budgets differ"},
                           {"chain_profile", "the chain profiles differ"}});
}

std::string why_tokens_differ_in_kind(const json& a, const json& b) {
  for (const json* report : {&a, &b}) {
    if (json_member(*report, "endpoint").is_object()) {
      return "which model file a server runs is not known";
    }
  }
  std::string model = first_difference(json_member(a, "model"), json_member(b, "model"),
                                       {{"sha256", "the model files differ"}});
  if (!model.empty()) return model;
  const json& left = json_member(a, "decoding");
  const json& right = json_member(b, "decoding");
  std::string template_of = first_difference(left, right,
                                             {{"template_sha256", "the chat templates differ"},
                                              {"temperature", "the temperatures differ"}});
  if (!template_of.empty()) return template_of;
  // Greedy decoding has no other setting.
  if (json_number(left, "temperature") == 0.0) return {};
  return first_difference(left, right,
                          {{"top_p", "top-p differs"},
                           {"top_k", "top-k differs"},
                           {"min_p", "min-p differs"},
                           {"seed", "the seeds differ"}});
}

json compare_samples(const json& task_a, const json& task_b) {
  std::int64_t problems = 0;
  std::int64_t same_tokens = 0;
  std::int64_t same_answer = 0;
  std::int64_t same_logits = 0;
  bool logits_known = true;
  std::string why = first_difference(task_a, task_b,
                                     {{"dataset_sha256", "the datasets differ"},
                                      {"protocol", "the protocols differ"},
                                      {"max_new_tokens", "the token budgets differ"}});
  const auto rows_a = rows_by_sample(task_a);
  const auto rows_b = why.empty() ? rows_by_sample(task_b) : decltype(rows_a){};
  for (const auto& [key, b] : rows_b) {
    const auto it = rows_a.find(key);
    if (it == rows_a.end() || !has_tokens(*it->second) || !has_tokens(*b)) continue;
    const json& a = *it->second;
    if (json_member(a, "prompt_hash") != json_member(*b, "prompt_hash")) continue;
    ++problems;
    same_tokens += json_member(a, "tokens_hash") == json_member(*b, "tokens_hash") ? 1 : 0;
    same_answer += json_member(a, "answer_hash") == json_member(*b, "answer_hash") ? 1 : 0;
    const json& logits_a = json_member(a, "logits_hash");
    const json& logits_b = json_member(*b, "logits_hash");
    logits_known = logits_known && logits_a.is_string() && logits_b.is_string();
    same_logits += logits_a == logits_b ? 1 : 0;
  }
  if (why.empty() && problems == 0) why = "they share no finished problem under the same prompt";
  json out = {{"problems", problems},
              {"same_tokens", same_tokens},
              {"same_answer", same_answer},
              {"same_logits", logits_known ? json(same_logits) : json()},
              {"why", why.empty() ? json() : json(why)}};
  if (why.empty()) return out;
  for (const char* name : {"problems", "same_tokens", "same_answer", "same_logits"}) {
    out[name] = nullptr;
  }
  return out;
}

const json& task_named(const json& report, const std::string& name) {
  static const json kNone;
  for (const json& task : json_list(report, "tasks")) {
    if (json_text(task, "name") == name) return task;
  }
  return kNone;
}

}  // namespace assay
