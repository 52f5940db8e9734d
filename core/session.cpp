#include "core/session.h"

#include <vector>

#include "core/error.h"
#include "core/numerics/sampler.h"

namespace assay {

void Session::decode_and_draw(std::span<const DecodeItem> items,
                              std::span<const numerics::DrawRequest> draws,
                              std::span<numerics::Drawn> drawn) {
  ASSAY_ASSERT(draws.size() == items.size() && drawn.size() == items.size());
  const auto vocab = static_cast<std::size_t>(config().vocab);
  std::vector<float> logits(items.size() * vocab);
  decode(items, logits);
  thread_local numerics::Sampler sampler;  // its scratch is as long as a vocabulary
  for (std::size_t i = 0; i < items.size(); ++i) {
    drawn[i] = sampler.draw(std::span(logits).subspan(i * vocab, vocab), draws[i]);
  }
}

}  // namespace assay
