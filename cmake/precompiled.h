// Headers of others that most sources include; compiled once when ASSAY_PRECOMPILE is on. Every
// source still includes what it uses: ci/full builds each one without this.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>
#include <variant>
#include <vector>
