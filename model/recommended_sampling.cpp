#include "model/recommended_sampling.h"

#include <fmt/core.h>

#include "model/file_errors.h"

namespace assay {

Result<std::optional<Sampling>> recommended_sampling(const StatedSampling& stated,
                                                     std::string_view file) {
  if (!stated.temperature && !stated.top_p && !stated.min_p && !stated.top_k) return std::nullopt;
  Sampling out;
  out.temperature = stated.temperature.value_or(1);
  out.top_p = stated.top_p.value_or(1);
  out.min_p = stated.min_p.value_or(0);
  out.top_k = stated.top_k.value_or(0);
  const bool is_sound =
      out.temperature >= 0 && out.top_p >= 0 && out.top_p <= 1 && out.min_p >= 0 && out.min_p <= 1;
  if (is_sound) return out;
  return damaged(file, fmt::format("recommends sampling out of range: temperature {}, top_p {}, "
                                   "min_p {}",
                                   out.temperature, out.top_p, out.min_p));
}

}  // namespace assay
