// Template source -> tree. Everything outside the subset is refused here, by name and line, before
// anything runs.
#pragma once

#include <string_view>

#include "model/jinja/ast.h"

namespace assay::jinja {

/// Throws TemplateError.
Block parse(std::string_view source);

}  // namespace assay::jinja
