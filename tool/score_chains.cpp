#include "tool/score_chains.h"

#include <fmt/core.h>

#include "harness/build_info.h"
#include "tool/chain_totals.h"

namespace assay::tool {
namespace {

using nlohmann::json;

/// Of the object that --json prints.
constexpr int score_chains_schema_version = 1;

}  // namespace

ScoredChains score_chains(const ScoreChainsOptions& options) {
  const ChainFile file = value_or_throw(read_chain_file(options.path, options.text_field));
  const bool thinking =
      options.profile == "auto" ? file_is_thinking(file.chains) : options.profile == "thinking";
  ChainTotals totals;
  json records = json::array();
  for (const ChainText& text : file.chains) {
    const TextAnalysis result = analyse_text(text, thinking);
    totals.add(text, result);
    records.push_back(chain_row(text, result));
  }
  ScoredChains out;
  out.report = {{"schema_version", score_chains_schema_version},
                {"tool", build_info()},
                {"file", score::summary_json(file.summary)},
                {"records_without_text", file.without_text},
                {"chains", file.chains.size()},
                {"chain_profile", thinking ? "thinking" : "plain"},
                {"chain", totals.rates()},
                {"records", std::move(records)}};
  const std::string left_out = left_out_of(file);
  out.text = totals.text();
  out.text += fmt::format("  profile: {}; text of each record in '{}'\n",
                          thinking ? "thinking" : "plain", file.chains.front().field);
  out.text += fmt::format("  left out: {}\n", left_out.empty() ? "nothing" : left_out);
  return out;
}

}  // namespace assay::tool
