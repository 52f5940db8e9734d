#include "model/recommended_sampling.h"

#include <fmt/core.h>

#include "core/checked_sampling.h"
#include "core/text.h"
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
  const auto checked = checked_sampling(out);
  if (checked) return *checked;
  return damaged(file, fmt::format("recommends sampling out of range: {} {}", checked.error().field,
                                   checked.error().problem));
}

void UnservedSampling::number(std::string_view name, std::optional<double> value, double neutral) {
  if (value && *value != neutral) stated(name, fmt::format("{:g}", *value));
}

void UnservedSampling::stated(std::string_view name, std::string_view value) {
  text_ += fmt::format("{}{} {}", text_.empty() ? "" : ", ", name, name_for_message(value));
}

}  // namespace assay
