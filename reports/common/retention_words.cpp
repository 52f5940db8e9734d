#include "reports/common/retention_words.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/common/charts.h"
#include "reports/common/page.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;
using Form = RetentionValue::Form;

constexpr std::array<RetentionValue, 21> kValues = {{
    {"reference", "reference", "The run whose chains are to be kept.", "/reference",
     Form::reference},
    {"pairs", "completions paired", "Finished in both runs: the same problem, the same number.",
     "/samples", Form::count},
    {"forced_step_share", "steps drawn again",
     "Fed the reference's own text, this model draws every token of this share of its steps, under "
     "the same sampler key and filters.",
     "/forced/step_share", Form::rate},
    {"forced_step_share_self", "… by the reference itself",
     "The same question put to the reference's model: 100 % under exact numerics.",
     "/forced/self/step_share", Form::rate},
    {"forced_token_share", "tokens drawn again", "The same for single tokens.",
     "/forced/token_share", Form::share},
    {"forced_top1_agreement", "same likeliest token",
     "Share of positions where both models hold the same token for the likeliest.",
     "/forced/top1_agreement", Form::share},
    {"forced_kl_mean", "divergence, mean",
     "Kullback-Leibler divergence of this model's next-token distribution from the reference's, in "
     "nats a token; 0 means equal.",
     "/forced/kl/mean", Form::number},
    {"forced_kl_p99", "divergence, 99th percentile", "One token in a hundred diverges by more.",
     "/forced/kl/p99", Form::number},
    {"forced_kl_self", "divergence of the reference from itself",
     "Its own step-by-step decoding against its prefill: the noise floor, 0 under exact numerics.",
     "/forced/self/kl/mean", Form::number},
    {"distillation_loss", "distillation loss",
     "0.7 x divergence at temperature 2 x 4 + 0.3 x mean squared distance of the last hidden "
     "states.",
     "/forced/distillation_loss/value", Form::number},
    {"free_samples", "completions compared",
     "Pairs written freely under the same prompt, seed and settings.", "/free/samples",
     Form::count},
    {"free_identical", "identical completions", "Written freely, token for token the same.",
     "/free/identical", Form::count},
    {"free_median_tokens", "tokens until they differ, median",
     "Half of the completions are the same up to here (Kaplan and Meier's estimate).",
     "/free/median_tokens", Form::count},
    {"free_near_tie", "parted at a near tie",
     "Where they first differ, the reference was within 0.1 logits of another token.",
     "/free/divergences/near_tie", Form::count},
    {"free_material", "parted in spite of a clear choice",
     "Where they first differ, the reference's choice was clear.", "/free/divergences/material",
     Form::count},
    {"milestones", "milestones",
     "Distinct values that the reference's chains derive and the problems do not state.",
     "/content/milestones", Form::count},
    {"milestones_found", "milestones found", "Share of them that this run's chain states, too.",
     "/content/found", Form::rate},
    {"milestones_by_chance", "… in another problem's chain",
     "The same share in this run's chains of other problems: what chance alone finds.",
     "/content/chance", Form::rate},
    {"milestones_self_ceiling", "… in the reference's other seed",
     "The same share in the reference's own chain of another seed: more cannot be asked for.",
     "/content/self_ceiling", Form::rate},
    {"outcome_correct", "right", "Right answers, problem by problem; McNemar's exact test.",
     "/outcome/correct", Form::table},
    {"outcome_complete", "chain complete", "Complete chains, likewise.", "/outcome/complete",
     Form::table},
}};

std::string show_reference(const json& reference) {
  std::string out;
  for (const char* name : {"model", "weight_type", "backend", "numerics"}) {
    const std::string text = json_text(reference, name);
    if (!text.empty()) out += (out.empty() ? "" : ", ") + text;
  }
  return out.empty() ? show_value(nullptr) : out;
}

std::string show_table(const json& table) {
  if (!table.is_object()) return show_value(nullptr);
  std::string out = fmt::format(
      "both {}, only the reference {}, only this run {}, neither {}",
      show_count(json_integer(table, "both")), show_count(json_integer(table, "a_only")),
      show_count(json_integer(table, "b_only")), show_count(json_integer(table, "neither")));
  if (const auto p = json_number(table, "p_value")) out += fmt::format(" (p = {:.3g})", *p);
  return out;
}

}  // namespace

std::span<const RetentionValue> retention_values() {
  return kValues;
}

const RetentionValue* retention_value(std::string_view name) {
  for (const RetentionValue& value : kValues) {
    if (value.name == name) return &value;
  }
  return nullptr;
}

json read_retention(const RetentionValue& value, const json& retention) {
  const json::json_pointer at{std::string(value.path)};
  return retention.is_object() && retention.contains(at) ? retention.at(at) : json();
}

std::string show_retention(const RetentionValue& value, const json& read) {
  const auto number = read.is_number() ? std::optional(read.get<double>()) : std::nullopt;
  switch (value.form) {
    case Form::reference:
      return show_reference(read);
    case Form::rate:
      return show_rate(read);
    case Form::share:
      return show_percent(number);
    case Form::count:
      return show_count(read.is_number_integer() ? std::optional(read.get<std::int64_t>())
                                                 : std::nullopt);
    case Form::number:
      return number ? fmt::format("{:.3g}", *number) : show_value(nullptr);
    case Form::table:
      return show_table(read);
  }
  return {};
}

std::string retention_cell(const RetentionValue& value, const json& retention) {
  const json read = read_retention(value, retention);
  const std::string words = inline_text(show_retention(value, read));
  return value.form == Form::rate ? words + rate_bar(read) : words;
}

std::string retention_survival(const json& retention) {
  const json& curve = json_list(json_member(retention, "free"), "survival");
  if (curve.empty()) return {};
  const std::int64_t last = json_integer(curve.back(), "tokens").value_or(0);
  std::string out;
  std::size_t next = 0;
  std::optional<double> share = 1;
  const std::int64_t until = std::clamp<std::int64_t>(last, 1, 1 << 20);
  for (std::int64_t tokens = 1; tokens / 2 < until; tokens *= 2) {
    while (next < curve.size() && json_integer(curve[next], "tokens").value_or(0) <= tokens) {
      share = json_number(curve[next++], "share");
    }
    out +=
        fmt::format("{}{}: {}", out.empty() ? "" : " · ", show_count(tokens), show_percent(share));
  }
  return "Completions that are still the same after so many tokens: " + out + ".";
}

std::string retention_gaps(const json& retention) {
  const auto why = [&retention](const char* part) {
    return json_text(json_member(retention, part), "why");
  };
  std::string out;
  const auto add = [&out](const char* what, const std::string& reason) {
    if (!reason.empty()) out += fmt::format("{}{}: {}.", out.empty() ? "" : " ", what, reason);
  };
  if (!json_member(retention, "forced").is_object()) {
    add("Forced", "not measured; assay retain --forced feeds the reference's chains to the models");
  }
  add("Forced", why("forced"));
  add("Free", why("free"));
  add("Milestones", why("content"));
  if (json_text(json_member(retention, "content"), "prompt_values") == "unknown") {
    add("Milestones", "the problems' texts are not at hand, so their own values count, too");
  }
  const json& content = json_member(retention, "content");
  if (json_member(content, "found").is_object() && json_member(content, "self_ceiling").is_null()) {
    add("Ceiling",
        "the reference has one sample a problem; --again takes its run with another seed");
  }
  add("Outcomes", why("outcome"));
  return out;
}

std::string_view published_retention_note() {
  return "The \"85 % chain retention\" of the article that this project began with is undefined: a "
         "note to its table speaks of people who rated chains of ten AIME problems, its text of "
         "\"semantic consistency\", neither gives a scheme, and 8.5 of 10 could be anything from "
         "54 to 96 %. None of these numbers is that one; assay chain --sheet makes the sheet with "
         "which people can rate chains.";
}

}  // namespace assay
