// Transfer proofs beside the reports they are about.
#include <fmt/core.h>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/transfer.h"
#include "reports/compare/compare.h"

namespace assay {

using nlohmann::json;

Result<void> add_transfer_proof(std::string_view text, const std::string& name,
                                std::span<NamedReport> reports) {
  const Result<TransferProof> proof = parse_transfer_proof(text, name);
  if (!proof) return tl::unexpected(proof.error());
  const json whole = value_or_throw(parse_json(text));
  const json& run = json_member(whole, "run");
  bool found = false;
  for (NamedReport& it : reports) {
    const bool same = json_member(run, "utc").is_string() &&
                      json_member(run, "utc") == json_member(it.report, "utc") &&
                      proof->model_sha256 == json_text(json_member(it.report, "model"), "sha256");
    if (!same) continue;
    found = true;
    json& proofs = it.report["identity"]["proofs"];
    if (!proofs.is_array()) proofs = json::array();
    proofs.push_back(transfer_json(*proof));
  }
  if (found) return {};
  return env_failure(name_for_message(name, 300) + " is a transfer proof of none of these runs",
                     "give the report.json of the run that was verified, too");
}

}  // namespace assay
