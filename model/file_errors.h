// How the readers of model files word their failures.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace assay {

/// "'FILE': PROBLEM; the file is damaged or incomplete, download it again".
Error damaged_error(std::string_view file, std::string_view problem);
/// A sound file that assay cannot compute with; `hint` says what it can.
Error unsupported_error(std::string_view file, std::string_view problem, std::string hint);

inline tl::unexpected<Error> damaged(std::string_view file, std::string_view problem) {
  return tl::unexpected<Error>(damaged_error(file, problem));
}
inline tl::unexpected<Error> unsupported(std::string_view file, std::string_view problem,
                                         std::string hint) {
  return tl::unexpected<Error>(unsupported_error(file, problem, std::move(hint)));
}

}  // namespace assay
