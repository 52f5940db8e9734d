// Free retention: where the run's own completion leaves the reference's.
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/parting.h"
#include "harness/retention/retention.h"

namespace assay {

using nlohmann::json;

json free_retention(const TaskPair& pair) {
  const json& decoding = json_member(pair.reference->plan, "decoding");
  const std::string why = why_draws_differ(json_member(pair.run->plan, "decoding"), decoding);
  if (!why.empty()) return no_partings(why);
  Partings partings(json_number(decoding, "temperature") == 0.0);
  for (const PairedSample& it : pair.samples) {
    const json& prompt = json_member(*it.reference, "prompt_sha256");
    if (!prompt.is_string() || json_member(*it.run, "prompt_sha256") != prompt) continue;
    partings.add(it.problem, *it.run, *it.reference);
  }
  if (partings.empty()) {
    return no_partings("no prompt has the same tokens in both: another tokenizer or chat template");
  }
  return partings.to_json();
}

}  // namespace assay
