// Transfer proofs: what `assay verify --transfer` found out about a run.
#include <fmt/core.h>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/compare/compare.h"

namespace assay {

using nlohmann::json;

bool is_transfer_proof(const json& value) {
  return json_flag(value, "bit_equal").has_value() && json_member(value, "run").is_object() &&
         json_member(value, "here").is_object();
}

Result<void> add_transfer_proof(const json& proof, const std::string& name,
                                std::span<NamedReport> reports) {
  const json& run = json_member(proof, "run");
  const json& here = json_member(proof, "here");
  bool found = false;
  for (NamedReport& it : reports) {
    const bool same = json_member(run, "utc").is_string() &&
                      json_member(run, "utc") == json_member(it.report, "utc") &&
                      json_member(json_member(run, "model"), "sha256") ==
                          json_member(json_member(it.report, "model"), "sha256");
    if (!same) continue;
    found = true;
    json& proofs = it.report["identity"]["proofs"];
    if (!proofs.is_array()) proofs = json::array();
    proofs.push_back({{"bit_equal", json_member(proof, "bit_equal")},
                      {"positions", json_member(proof, "positions")},
                      {"positions_bit_equal", json_member(proof, "positions_bit_equal")},
                      {"transfers", json_member(proof, "transfers")},
                      {"why", json_member(proof, "why")},
                      {"backend", json_member(json_member(here, "backend"), "name")},
                      {"device", json_member(json_member(here, "device"), "name")},
                      {"cpu", json_member(json_member(here, "device"), "cpu")},
                      {"isa", json_member(here, "isa")},
                      {"threads", json_member(here, "threads")}});
  }
  if (found) return {};
  return env_failure(name_for_message(name, 300) + " is a transfer proof of none of these runs",
                     "give the report.json of the run that was verified, too");
}

}  // namespace assay
