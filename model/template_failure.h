// A template's failure as an Error, the same wherever one is compiled or rendered.
#pragma once

#include <fmt/core.h>

#include <string>

#include "core/error.h"
#include "core/text.h"
#include "model/jinja/budget.h"

namespace assay {

/// The message may quote the template, and raise_exception writes what it likes.
inline tl::unexpected<Error> template_failure(const jinja::TemplateError& error,
                                              const std::string& hint = {}) {
  const std::string where =
      error.line > 0 ? fmt::format("chat template line {}", error.line) : "chat template";
  return env_failure(fmt::format("{}: {}", where, name_for_message(error.what(), 400)), hint);
}

}  // namespace assay
