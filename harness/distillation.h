// The loss that a student is distilled by, over the positions of some text.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>

namespace assay {

/// Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015 (the soft targets
/// and T^2); Jiao et al., "TinyBERT", 2020 (the hidden states).
struct DistillationWeights {
  double alpha = 0.7;
  double beta = 0.3;
  double temperature = 2;
};

/// alpha * KL(softmax(teacher / T) || softmax(student / T)) * T^2 + beta * MSE(hidden states), both
/// as means over tokens: what PyTorch's "batchmean" gives on logits of shape [tokens, vocabulary]
/// without padding. (On [batch, tokens, vocabulary] it divides by the batch alone.)
class DistillationLoss {
 public:
  explicit DistillationLoss(DistillationWeights weights = {}) : weights_(weights) {}

  /// One token's logits of both: equal sizes, finite.
  void add_logits(std::span<const float> teacher, std::span<const float> student);
  /// One token's divergence at this loss's temperature, where it is known already.
  void add_divergence(double kl);
  /// One token's hidden states of both: equal sizes. Once for each token, or for none.
  void add_hidden(std::span<const float> teacher, std::span<const float> student);

  const DistillationWeights& weights() const { return weights_; }
  /// Mean divergence at T, without T^2; nothing before the first token.
  std::optional<double> kl() const;
  /// Mean over tokens of the mean squared difference; nothing without hidden states.
  std::optional<double> mse() const;
  /// Nothing unless both parts are known, over the same number of tokens.
  std::optional<double> value() const;

  /// {value, kl, mse, alpha, beta, temperature, tokens}; what is not known is null.
  nlohmann::json to_json() const;

 private:
  DistillationWeights weights_;
  double kl_sum_ = 0;
  double mse_sum_ = 0;
  std::size_t tokens_ = 0;
  std::size_t hidden_tokens_ = 0;
};

}  // namespace assay
