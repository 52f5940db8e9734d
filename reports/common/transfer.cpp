#include "reports/common/transfer.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/common/show.h"

namespace assay {
namespace {

using nlohmann::json;

std::string name_in(const json& side, const char* object) {
  return name_for_message(json_text(json_member(side, object), "name"), 80);
}

}  // namespace

bool is_transfer_proof(const json& value) {
  return json_flag(value, "bit_equal").has_value() && json_flag(value, "transfers").has_value() &&
         json_member(value, "run").is_object() && json_member(value, "here").is_object();
}

Result<TransferProof> parse_transfer_proof(std::string_view text, const std::string& name) {
  const std::string where = name_for_message(name, 200);
  const Result<json> parsed = parse_json(text);
  if (!parsed) return env_failure(where + ": " + parsed.error().message(), "make it again");
  if (!is_transfer_proof(*parsed)) {
    return env_failure(where + " is no proof of a transfer",
                       "assay verify --run DIR --transfer FILE writes one");
  }
  const json& value = *parsed;
  const json& run = json_member(value, "run");
  const json& here = json_member(value, "here");
  const json& coverage = json_member(value, "coverage");
  TransferProof out;
  out.file = redact_home_paths(sanitize_for_terminal(name));
  out.transfers = json_flag(value, "transfers") == true;
  out.why = sanitize_for_terminal(json_text(value, "why"));
  out.positions = json_integer(value, "positions").value_or(0);
  out.positions_bit_equal = json_integer(value, "positions_bit_equal").value_or(0);
  out.samples = json_integer(coverage, "samples").value_or(0);
  out.samples_recorded = json_integer(coverage, "samples_recorded").value_or(0);
  out.model = name_in(run, "model");
  out.model_sha256 = json_text(json_member(run, "model"), "sha256");
  out.run_device = name_in(run, "device");
  out.run_backend = name_in(run, "backend");
  out.here_device = name_in(here, "device");
  out.here_backend = name_in(here, "backend");
  out.here_isa = name_for_message(json_text(here, "isa"), 40);
  const bool all_equal = out.positions > 0 && out.positions == out.positions_bit_equal;
  if (out.transfers && (!all_equal || json_flag(value, "bit_equal") != true)) {
    return env_failure(fmt::format("{} claims a transfer with {} of {} positions equal", where,
                                   out.positions_bit_equal, out.positions),
                       "make it again with assay verify");
  }
  return out;
}

std::string transfer_in_words(const TransferProof& proof) {
  const std::string here =
      fmt::format("{} ({}, {})", proof.here_device, proof.here_backend, proof.here_isa);
  const std::string part = proof.samples == proof.samples_recorded
                               ? fmt::format("all {} samples", show_count(proof.samples))
                               : fmt::format("{} of {} samples", show_count(proof.samples),
                                             show_count(proof.samples_recorded));
  if (proof.transfers) {
    return fmt::format(
        "{} on {}: the bits of {} positions of {} are those of the run on {} ({}): "
        "its scores hold here",
        proof.model, here, show_count(proof.positions), part, proof.run_device, proof.run_backend);
  }
  return fmt::format("{} on {}: no transfer from {}: {} ({} of {} positions equal)", proof.model,
                     here, proof.run_device, proof.why.empty() ? "unknown" : proof.why,
                     show_count(proof.positions_bit_equal), show_count(proof.positions));
}

json transfer_json(const TransferProof& proof) {
  return {
      {"file", proof.file},
      {"transfers", proof.transfers},
      {"why", proof.why.empty() ? json() : json(proof.why)},
      {"positions", proof.positions},
      {"positions_bit_equal", proof.positions_bit_equal},
      {"samples", proof.samples},
      {"samples_recorded", proof.samples_recorded},
      {"model", proof.model},
      {"run", {{"device", proof.run_device}, {"backend", proof.run_backend}}},
      {"here",
       {{"device", proof.here_device}, {"backend", proof.here_backend}, {"isa", proof.here_isa}}}};
}

}  // namespace assay
