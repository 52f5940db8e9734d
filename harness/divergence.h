// How far two distributions over the vocabulary are apart.
#pragma once

#include <span>

namespace assay {

/// The Kullback-Leibler divergence KL(of || from) in nats of softmax(logits / temperature), summed
/// in double in the order of the ids. Equal logits give exactly 0; rounding below 0 reads as 0.
/// Equal sizes (asserted), finite logits, temperature above 0.
double kl_divergence(std::span<const float> of, std::span<const float> from,
                     double temperature = 1);

}  // namespace assay
