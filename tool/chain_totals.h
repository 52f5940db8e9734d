// What the chains of a file amount to, and one chain as a line of JSON.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/chain/analyse_text.h"
#include "reports/common/rate.h"

namespace assay::tool {

/// C1 to C10, evidence, answer and reasons to drop it: a line of `assay chain --json`. Spans count
/// bytes of the record's field.
nlohmann::json chain_row(const ChainText& text, const TextAnalysis& result);

class ChainTotals {
 public:
  void add(const ChainText& text, const TextAnalysis& result);
  std::size_t chains() const { return n_; }
  /// As report.json's tasks[].chain: complete_rate, strictly_complete_rate, components{C1..C10},
  /// contradictions{found, checked, contradicted, coverage}. Completions of one problem count as
  /// its samples.
  nlohmann::json rates() const;
  /// The same for a person, a line each.
  std::string text() const;

 private:
  std::vector<bool>& results(const std::string& name, const std::string& problem);

  std::size_t n_ = 0;
  std::map<std::string, std::size_t> problems_;      ///< places in the results, by problem
  std::map<std::string, ResultsByProblem> results_;  ///< of "complete", "C1", ...
  std::size_t found_ = 0;
  std::size_t checked_ = 0;
  std::size_t contradicted_ = 0;
};

/// "3 lines unreadable (f.jsonl:2: not UTF-8), 1 record without a text"; empty: nothing left out.
std::string left_out_of(const ChainFile& file);

}  // namespace assay::tool
