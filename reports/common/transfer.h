// Proofs that `assay verify --transfer` writes: the bits of a run's logits, computed again on
// another device. Under exact, equal bits mean that the run's scores hold there, too.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/error.h"

namespace assay {

struct TransferProof {
  std::string file;
  bool transfers = false;
  std::string why;  ///< why not; empty when it does
  std::int64_t positions = 0;
  std::int64_t positions_bit_equal = 0;
  std::int64_t samples = 0;
  std::int64_t samples_recorded = 0;
  std::string model;
  std::string model_sha256;
  std::string run_device;
  std::string run_backend;
  std::string here_device;
  std::string here_backend;
  std::string here_isa;
};

/// Whether this JSON is such a proof rather than a report.
bool is_transfer_proof(const nlohmann::json& value);

/// Error{environment} on one line: not JSON, not a proof, counts that contradict each other. A file
/// that claims a transfer without equal bits of every position is refused.
Result<TransferProof> parse_transfer_proof(std::string_view text, const std::string& name);

/// "every one of 12,000 positions has the bits that ... gave: its scores hold on ...".
std::string transfer_in_words(const TransferProof& proof);

nlohmann::json transfer_json(const TransferProof& proof);

}  // namespace assay
