// `assay score --chains`: are the reasoning chains of a file complete? No task, no gold answers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace assay::tool {

struct ScoreChainsOptions {
  std::string path;
  std::string text_field;  ///< empty: found by itself
  std::string profile;     ///< auto, thinking or plain
};

struct ScoredChains {
  /// {file, records_without_text, chains, chain_profile, chain{...ChainTotals::rates},
  /// records[chain_row]}.
  nlohmann::json report;
  std::string text;  ///< the same for a person, without the records
};

/// Throws Error: as read_chain_file.
ScoredChains score_chains(const ScoreChainsOptions& options);

}  // namespace assay::tool
