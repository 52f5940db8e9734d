// Recipes compiled into this build: published protocols with their numbers (harness/recipe.h reads
// them). One JSON file each in this folder, named in its CMakeLists.txt.
#pragma once

#include <string_view>
#include <vector>

namespace assay {

struct EmbeddedRecipe {
  std::string_view name;
  std::string_view text;  ///< JSON
};

const std::vector<EmbeddedRecipe>& embedded_recipes();

}  // namespace assay
