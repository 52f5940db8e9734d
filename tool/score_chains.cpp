#include "tool/score_chains.h"

#include <fmt/core.h>

#include <cstddef>
#include <vector>

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
  const std::vector<bool> thinking = thinking_profiles(file.chains, options.profile);
  const std::string profile = profile_of_file(thinking);
  ChainTotals totals;
  json records = json::array();
  for (std::size_t i = 0; i < file.chains.size(); ++i) {
    const ChainText& text = file.chains[i];
    const TextAnalysis result = analyse_text(text, thinking[i]);
    totals.add(text, result);
    records.push_back(chain_row(text, result));
  }
  ScoredChains out;
  out.report = {{"schema_version", score_chains_schema_version},
                {"tool", build_info()},
                {"file", score::summary_json(file.summary)},
                {"records_without_text", file.without_text},
                {"chains", file.chains.size()},
                {"chain_profile", profile},
                {"chain", totals.rates()},
                {"records", std::move(records)}};
  const std::string left_out = left_out_of(file);
  out.text = totals.text();
  out.text += fmt::format("  profile: {}; text of each record in '{}'\n", profile,
                          file.chains.front().field);
  out.text += fmt::format("  left out: {}\n", left_out.empty() ? "nothing" : left_out);
  return out;
}

}  // namespace assay::tool
