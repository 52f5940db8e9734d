// Feeds recorded tokens to a session and compares the bits of its logits with recorded hashes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/session.h"
#include "harness/progress.h"

namespace assay {

/// One completion of a run, as its journal has it.
struct RecordedSample {
  std::string task;
  std::string problem;
  std::int64_t sample = 0;
  std::vector<TokenId> prompt;
  std::vector<TokenId> tokens;
  /// Of the logits from which each token was drawn, as 32 hex digits; as many as tokens.
  std::vector<std::string> hashes;
  std::string text;
  std::int64_t length() const { return std::ssize(prompt) + std::ssize(tokens); }
};

/// How tokens reach the session: one sequence at a time, as many as the run had, or all at once.
enum class ReplayMode { decode, batch, prefill };
std::string replay_mode_name(ReplayMode mode);

struct Divergence {
  const RecordedSample* sample = nullptr;
  std::int64_t position = 0;  ///< of the generated token
  ReplayMode mode = ReplayMode::decode;
  TokenId recorded = 0;
  TokenId likeliest = 0;  ///< by these logits
  float top2_margin = 0;  ///< of these logits
};

struct ReplayResult {
  std::int64_t positions = 0;
  std::int64_t bit_equal = 0;
  /// Positions where the likeliest token is the recorded one.
  std::int64_t top1_agreements = 0;
  std::optional<Divergence> first_divergence;  ///< in the order of replay
  bool cancelled = false;
};

/// Replays each sample whole: what differs does not end it. The result points into `samples`.
ReplayResult replay(Session& session, std::span<const RecordedSample> samples, ReplayMode mode,
                    const Listener& listener);

/// The mean Kullback-Leibler divergence KL(of || from) in nats over up to `max_positions` generated
/// positions of one sample, teacher-forced; nothing for a sample without tokens.
std::optional<double> mean_kl(Session& of, Session& from, const RecordedSample& sample,
                              std::int64_t max_positions);

/// The first activation, in the order of the forward pass, whose bits differ between two sessions
/// at the position `generated` of the sample ("layer.3"); empty when only the head's output does.
std::string first_differing_activation(Session& a, Session& b, const RecordedSample& sample,
                                       std::int64_t generated);

}  // namespace assay
