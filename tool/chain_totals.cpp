#include "tool/chain_totals.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/chain/clean.h"
#include "harness/grade_records.h"
#include "reports/common/words.h"
#include "tool/run_text.h"

namespace assay::tool {
namespace {

using nlohmann::json;

/// Spans count bytes of the record's field, which may hold the prompt before the completion.
void shift_evidence(json& record, std::size_t by) {
  for (json& item : record["evidence"]) {
    item["begin"] = item["begin"].get<std::size_t>() + by;
    item["end"] = item["end"].get<std::size_t>() + by;
  }
}

json share(std::size_t part, std::size_t whole) {
  return whole == 0 ? json(nullptr) : json(static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace

json chain_row(const ChainText& text, const TextAnalysis& result) {
  json record = chain_analysis_json(result.analysis);
  shift_evidence(record, text.text_begin);
  const chain::ArithmeticReport& sums = result.analysis.arithmetic;
  record["contradictions"]["coverage"] = share(sums.checked, sums.found);
  record["id"] = text.id;
  record["where"] = text.where;
  record["field"] = text.field;
  record["profile"] = result.thinking ? "thinking" : "plain";
  record["answer"] = result.answer ? json(*result.answer) : json(nullptr);
  record["correct"] = result.correct ? json(*result.correct) : json(nullptr);
  json drops = json::array();
  for (const Drop& drop : drops_of(text, result)) {
    drops.push_back({{"reason", drop_reason_name(drop.reason)}, {"why", drop.why}});
  }
  record["drop"] = drops;
  return record;
}

std::vector<bool>& ChainTotals::results(const std::string& name, const std::string& problem) {
  const std::size_t place = problems_.emplace(problem, problems_.size()).first->second;
  ResultsByProblem& all = results_[name];
  if (all.size() <= place) all.resize(place + 1);
  return all[place];
}

void ChainTotals::add(const ChainText& text, const TextAnalysis& result) {
  const chain::ChainAnalysis& analysis = result.analysis;
  ++n_;
  const auto note = [&](const std::string& name, const std::optional<bool>& ok) {
    if (ok) results(name, text.problem).push_back(*ok);
  };
  note("complete", analysis.complete);
  note("strictly_complete", analysis.strictly_complete);
  for (const auto& [name, component] : chain::components_of(analysis)) note(name, component->ok);
  found_ += analysis.arithmetic.found;
  checked_ += analysis.arithmetic.checked;
  contradicted_ += analysis.arithmetic.contradicted;
}

json ChainTotals::rates() const {
  const auto rate = [this](const std::string& name) {
    const auto found = results_.find(name);
    return rate_of(found == results_.end() ? ResultsByProblem() : found->second);
  };
  json components = json::object();
  for (const Words& words : component_words()) {
    components[std::string(words.name)] = rate(std::string(words.name));
  }
  return {{"complete_rate", rate("complete")},
          {"strictly_complete_rate", rate("strictly_complete")},
          {"components", components},
          {"contradictions",
           {{"found", found_},
            {"checked", checked_},
            {"contradicted", contradicted_},
            {"coverage", share(checked_, found_)}}}};
}

std::string ChainTotals::text() const {
  const auto held = [this](const std::string& name) {
    const auto found = results_.find(name);
    std::size_t judged = 0;
    std::ptrdiff_t holds = 0;
    for (const auto& of_problem : found == results_.end() ? ResultsByProblem() : found->second) {
      judged += of_problem.size();
      holds += std::count(of_problem.begin(), of_problem.end(), true);
    }
    return fmt::format("{} of {}", holds, judged);
  };
  const json all = rates();
  std::string out = fmt::format("{} chains\n", n_);
  for (const auto& [name, label] :
       {std::pair("complete", "complete"), std::pair("strictly_complete", "strictly complete")}) {
    out += fmt::format("  {:<23} {}: {}\n", label, held(name),
                       rate_text(all.at(fmt::format("{}_rate", name))));
  }
  for (const Words& words : component_words()) {
    out += fmt::format("  {:<17} ({:<3}) holds in {}\n", words.label, words.name,
                       held(std::string(words.name)));
  }
  return out + fmt::format("  equations: {} found, {} checked, {} contradicted\n", found_, checked_,
                           contradicted_);
}

std::string left_out_of(const ChainFile& file) {
  std::string out;
  const score::Unreadable& bad = file.summary.unreadable;
  if (bad.total() > 0) {
    out = fmt::format("{} unreadable line{} ({}{})", bad.total(), bad.total() == 1 ? "" : "s",
                      bad.examples.front(), bad.total() == 1 ? "" : ", ...");
  }
  if (file.without_text > 0) {
    out += fmt::format("{}{} record{} without a text", out.empty() ? "" : ", ", file.without_text,
                       file.without_text == 1 ? "" : "s");
  }
  return out;
}

}  // namespace assay::tool
