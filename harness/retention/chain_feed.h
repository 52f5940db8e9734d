// A model that is fed recorded completions, piece by piece.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "harness/plan.h"
#include "harness/replay.h"

namespace assay {

/// A model, opened, with the prompts of a run.
struct FedModel {
  RunPlan plan;  ///< its device has moved into the session
  DeviceInfo device;
  std::unique_ptr<Session> session;

  std::size_t vocab() const { return static_cast<std::size_t>(session->config().vocab); }
};

/// Tokens of one completion in, logits out. One at a time for each model.
class ChainFeed {
 public:
  /// Positions whose logits are held at once.
  static constexpr std::size_t kPositions = 64;

  ChainFeed(FedModel& model, const RecordedSample& sample, bool with_hidden);
  ChainFeed(const ChainFeed&) = delete;
  ChainFeed& operator=(const ChainFeed&) = delete;
  ~ChainFeed();

  /// The logits that the next recorded tokens were to be drawn from, a row of vocab() each, by
  /// prefill; empty at the end. Valid until the next call. Throws Error{environment} for logits
  /// that are not finite.
  std::span<const float> next();
  /// The last hidden state (after the final norm) of each of these positions; empty unless they
  /// were wanted.
  std::span<const float> hidden() const { return hidden_; }

 private:
  FedModel& model_;
  const RecordedSample& sample_;
  SequenceId sequence_;
  std::size_t done_ = 0;
  std::vector<float> logits_;
  std::vector<float> hidden_;
};

/// The logits of the first `n` positions, decoded step by step; n is 1 .. the sample's tokens.
std::vector<float> decoded_logits(FedModel& model, const RecordedSample& sample, std::size_t n);

}  // namespace assay
