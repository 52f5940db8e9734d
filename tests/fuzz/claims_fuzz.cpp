// Claims files, benchmark output and proofs: foreign bytes. What could be read is judged and
// written in every form.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "reports/audit/audit.h"
#include "reports/gate/measurement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)read_measurement(text, "fuzz", TimeKind::real);
  (void)parse_transfer_proof(text, "fuzz");
  const auto claims = parse_claims(text, "fuzz");
  if (!claims) return 0;
  const nlohmann::json audit = audit_claims({&*claims, {}, {}, {}});
  (void)audit_text(audit, 80, true);
  (void)audit_markdown(audit);
  (void)audit_html(audit);
  (void)audit.dump();
  return 0;
}
