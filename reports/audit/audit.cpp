#include "reports/audit/audit.h"

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "core/json_access.h"
#include "core/text.h"
#include "reports/audit/measured.h"
#include "reports/audit/verdict.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr int kAuditVersion = 1;

json text_or_null(const std::string& text) {
  return text.empty() ? json() : json(text);
}

json claim_json(const Claim& claim, const Verdict& verdict) {
  std::string why = verdict.why;
  if (!claim.note.empty()) why += (why.empty() ? "" : ". ") + claim.note;
  return {{"id", claim.id},
          {"claim", claim.claim},
          {"reading", text_or_null(claim.reading)},
          {"subject",
           {{"model", claim.model},
            {"device", text_or_null(claim.device)},
            {"precision", text_or_null(claim.precision)},
            {"task", text_or_null(claim.task)}}},
          {"metric", claim.metric},
          {"published", claim.value},
          {"conditions", claim.conditions},
          {"source", claim.source},
          {"verdict", verdict.verdict},
          {"scope", text_or_null(verdict.scope)},
          {"bounds", verdict.bounds},
          {"measured", verdict.measured},
          {"measurements", verdict.measurements},
          {"why", why}};
}

json shape_json(const ModelShape& shape) {
  return {{"name", shape.name},
          {"title", shape.title},
          {"parameters", shape.parameters()},
          {"parameters_arithmetic", shape.parameters_arithmetic()},
          {"weights_read_per_token", shape.weights_read()},
          {"weights_read_arithmetic", shape.weights_read_arithmetic()},
          {"kv_bytes_per_token", shape.kv_bytes_per_token()},
          {"kv_arithmetic", shape.kv_arithmetic()},
          {"source", shape.source}};
}

}  // namespace

json audit_claims(const AuditRequest& request) {
  const ClaimsFile& file = *request.claims;
  const AuditContext context{&file, request.sizes_of, request.scratch_of};
  json claims = json::array();
  json summary = json::object();
  for (const std::string_view verdict :
       {kSupported, kConditional, kContradicted, kImpossible, kUndefined, kNotTested}) {
    summary[std::string(verdict)] = 0;
  }
  std::set<std::string> models;
  std::set<std::string> devices;
  json shapes = json::array();
  json profiles = json::array();
  for (const Claim& claim : file.claims) {
    Verdict verdict = judge_claim(claim, context);
    add_measured(claim, context, request.reports, &verdict);
    summary[verdict.verdict] = summary[verdict.verdict].get<int>() + 1;
    claims.push_back(claim_json(claim, verdict));
    const ModelShape* shape = find_shape(file.shapes, claim.model);
    if (shape != nullptr && models.insert(shape->name).second) {
      shapes.push_back(shape_json(*shape));
    }
    const DeviceProfile* device = find_device(file.devices, claim.device);
    if (device != nullptr && devices.insert(device->name).second) {
      profiles.push_back(device_json(*device));
    }
  }
  json proofs = json::array();
  for (const TransferProof& proof : request.proofs) {
    json entry = transfer_json(proof);
    entry["in_words"] = transfer_in_words(proof);
    proofs.push_back(std::move(entry));
  }
  json reports = json::array();
  for (const NamedReport& report : request.reports) {
    reports.push_back(redact_home_paths(sanitize_for_terminal(report.name)));
  }
  return {{"schema_version", kAuditVersion},
          {"title", text_or_null(file.title)},
          {"summary", summary},
          {"claims", claims},
          {"models", shapes},
          {"devices", profiles},
          {"reports", reports},
          {"transfers", proofs},
          {"notes", file.notes}};
}

bool audit_objects(const json& audit) {
  for (const json& claim : json_list(audit, "claims")) {
    const std::string verdict = json_text(claim, "verdict");
    if (verdict == kContradicted || verdict == kImpossible) return true;
  }
  return false;
}

}  // namespace assay
