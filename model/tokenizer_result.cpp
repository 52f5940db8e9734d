#include "model/tokenizer_result.h"

#include <algorithm>

namespace assay {

void add_end_token(TokenizerSpec& spec, TokenId id) {
  auto& extra = spec.eos_extra;
  if (id < 0 || id == spec.eos) return;
  if (std::find(extra.begin(), extra.end(), id) == extra.end()) extra.push_back(id);
}

}  // namespace assay
