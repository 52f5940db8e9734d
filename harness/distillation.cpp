#include "harness/distillation.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "harness/divergence.h"

namespace assay {

void DistillationLoss::add_logits(std::span<const float> teacher, std::span<const float> student) {
  add_divergence(kl_divergence(teacher, student, weights_.temperature));
}

void DistillationLoss::add_divergence(double kl) {
  kl_sum_ += kl;
  ++tokens_;
}

void DistillationLoss::add_hidden(std::span<const float> teacher, std::span<const float> student) {
  ASSAY_ASSERT(teacher.size() == student.size() && !teacher.empty());
  double sum = 0;
  for (std::size_t i = 0; i < teacher.size(); ++i) {
    const double difference = static_cast<double>(teacher[i]) - student[i];
    sum += difference * difference;
  }
  mse_sum_ += sum / static_cast<double>(teacher.size());
  ++hidden_tokens_;
}

std::optional<double> DistillationLoss::kl() const {
  if (tokens_ == 0) return std::nullopt;
  return kl_sum_ / static_cast<double>(tokens_);
}

std::optional<double> DistillationLoss::mse() const {
  if (hidden_tokens_ == 0) return std::nullopt;
  return mse_sum_ / static_cast<double>(hidden_tokens_);
}

std::optional<double> DistillationLoss::value() const {
  if (tokens_ == 0 || hidden_tokens_ != tokens_) return std::nullopt;
  return weights_.alpha * *kl() * weights_.temperature * weights_.temperature +
         weights_.beta * *mse();
}

nlohmann::json DistillationLoss::to_json() const {
  const auto or_null = [](const std::optional<double>& known) {
    return known ? nlohmann::json(*known) : nlohmann::json();
  };
  return {{"value", or_null(value())}, {"kl", or_null(kl())},
          {"mse", or_null(mse())},     {"alpha", weights_.alpha},
          {"beta", weights_.beta},     {"temperature", weights_.temperature},
          {"tokens", tokens_}};
}

}  // namespace assay
