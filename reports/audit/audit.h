// `assay audit`: one verdict on each claim, every number with its arithmetic.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "reports/audit/claims.h"
#include "reports/common/load_report.h"
#include "reports/common/transfer.h"

namespace assay {

struct AuditRequest {
  const ClaimsFile* claims = nullptr;
  std::span<const NamedReport> reports;
  std::span<const TransferProof> proofs;
  SizesOf sizes_of;
  ScratchOf scratch_of = nullptr;
};

/// docs/formats.md, "Audit".
nlohmann::json audit_claims(const AuditRequest& request);

/// Whether any claim was contradicted or found impossible.
bool audit_objects(const nlohmann::json& audit);

/// For a terminal of that many columns; `all` shows every bound, not only those that decide.
std::string audit_text(const nlohmann::json& audit, std::size_t columns, bool all);
std::string audit_markdown(const nlohmann::json& audit);
/// A self-contained page.
std::string audit_html(const nlohmann::json& audit);

}  // namespace assay
