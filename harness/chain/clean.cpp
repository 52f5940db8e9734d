#include "harness/chain/clean.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>

namespace assay {
namespace {

using nlohmann::json;

bool is_broken(const chain::Component& component) {
  return component.ok == false;
}

/// Step numbers that leave some out: "Step 2" and then "Step 5". A number may start over (lists
/// inside steps, a second attempt), which is no jump.
std::optional<std::string> skipped_number(const std::vector<chain::Step>& steps) {
  std::optional<std::size_t> last;
  for (const chain::Step& step : steps) {
    if (!step.number) continue;
    if (last && *step.number > *last + 1) {
      return fmt::format("step {} is followed by step {}", *last, *step.number);
    }
    last = step.number;
  }
  return std::nullopt;
}

}  // namespace

std::string_view drop_reason_name(DropReason reason) {
  switch (reason) {
    case DropReason::empty:
      return "empty";
    case DropReason::broken:
      return "broken";
    case DropReason::cut_off:
      return "cut off";
    case DropReason::looping:
      return "looping";
    case DropReason::jumping:
      return "jumping";
    case DropReason::mixed:
      return "mixed languages";
    case DropReason::contradictory:
      return "contradictory answers";
  }
  return "empty";
}

std::vector<Drop> drops_of(const ChainText& text, const TextAnalysis& result) {
  const chain::ChainAnalysis& a = result.analysis;
  if (text.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return {{DropReason::empty, "no text"}};
  }
  std::vector<Drop> drops;
  if (is_broken(a.c1_think_closed)) {
    drops.push_back({DropReason::broken, "thinking part " + a.c1_think_closed.why});
  } else if (is_broken(a.c4_answer_segment)) {
    drops.push_back({DropReason::broken, "nothing follows the thinking part"});
  } else if (is_broken(a.c5_answer_extractable)) {
    drops.push_back({DropReason::broken, a.c5_answer_extractable.why});
  }
  if (is_broken(a.c2_not_truncated)) drops.push_back({DropReason::cut_off, a.c2_not_truncated.why});
  if (is_broken(a.c3_no_loop)) drops.push_back({DropReason::looping, a.c3_no_loop.why});
  if (is_broken(a.c6_steps)) {
    drops.push_back(
        {DropReason::jumping, fmt::format("{} step", a.steps.empty() ? "no" : "a single")});
  } else if (const auto skip = skipped_number(a.steps)) {
    drops.push_back({DropReason::jumping, *skip});
  } else if (is_broken(a.c8_answer_from_chain)) {
    drops.push_back({DropReason::jumping, a.c8_answer_from_chain.why});
  }
  if (is_broken(a.c9_language)) drops.push_back({DropReason::mixed, a.c9_language.why});
  if (is_broken(a.c10_answers_agree)) {
    drops.push_back({DropReason::contradictory, a.c10_answers_agree.why});
  }
  return drops;
}

json cleaned_record(const ChainText& text, const TextAnalysis& result) {
  json steps = json::array();
  std::string marked;
  for (const chain::Step& step : result.analysis.steps) {
    const std::string content(chain::slice(text.text, step.span));
    marked += (marked.empty() ? "[STEP] " : "\n[STEP] ") + content;
    steps.push_back(content);
  }
  json record = {{"id", text.id}, {"steps", steps}, {"chain", marked}};
  if (!text.question.empty()) record["question"] = text.question;
  if (result.answer) record["answer"] = *result.answer;
  return record;
}

}  // namespace assay
