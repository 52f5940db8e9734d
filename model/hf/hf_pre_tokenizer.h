// tokenizer.json's pre_tokenizer -> one of the known ones, by its structure and regular expression.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

#include "model/tokenizer_spec.h"

namespace assay {

/// The error names what is unknown: "the pre-tokenizer Metaspace".
tl::expected<PreTokenizer, std::string> recognise_pre_tokenizer(const nlohmann::json& value);

}  // namespace assay
