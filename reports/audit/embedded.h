// What is compiled in: device profiles and claims, one JSON file each in devices/ and claims/,
// named in CMakeLists.txt.
#pragma once

#include <string_view>
#include <vector>

namespace assay {

struct EmbeddedText {
  std::string_view name;  ///< the file's, without .json
  std::string_view text;
};

const std::vector<EmbeddedText>& embedded_devices();
const std::vector<EmbeddedText>& embedded_claims();

}  // namespace assay
