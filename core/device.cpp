#include "core/device.h"

#include "core/error.h"
#include "core/fused.h"
#include "core/numerics/sampler.h"

namespace assay {

std::shared_ptr<FusedForward> Device::fuse(const FusedParts& /*parts*/) {
  return nullptr;
}

void Device::draw(ConstTensor logits, std::span<const numerics::DrawRequest> requests,
                  std::span<numerics::Drawn> drawn) {
  ASSAY_ASSERT(std::ssize(requests) == logits.rows && drawn.size() == requests.size());
  thread_local numerics::Sampler sampler;  // its scratch is as long as a vocabulary
  std::vector<float> row(static_cast<std::size_t>(logits.cols));
  for (std::size_t r = 0; r < requests.size(); ++r) {
    read({logits.data + static_cast<std::int64_t>(r) * logits.cols, 1, logits.cols}, row);
    drawn[r] = sampler.draw(row, requests[r]);
  }
}

}  // namespace assay
