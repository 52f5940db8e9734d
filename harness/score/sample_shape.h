// Which tool wrote a file of samples, and in which fields its texts stand.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"

namespace assay::score {

/// Field names; a dot goes one object down ("model_answers.thinking"). Empty: the shape has none.
struct SampleFields {
  std::string id;
  std::string completion;
  std::string answer;    ///< the gold answer
  std::string question;  ///< the problem's text
  std::string label;     ///< what the file itself says: right or wrong
  std::string sample;    ///< which of a problem's samples it is
  std::string stop;      ///< why the completion ended
};

struct SampleShape {
  std::string name;     ///< "humaneval", "evalplus", "lm-eval", "qwen-math", "plain", ...
  std::string grounds;  ///< "task_id and completion in 164 of the first 164 records"
  SampleFields fields;
};

/// The value at a dotted path, or null. A member whose own name holds dots is found too.
const nlohmann::json& field_at(const nlohmann::json& record, std::string_view path);

/// Recognises the shape of `records` (a file's first ones). Fields that `given` names win over the
/// shape's; an unknown shape with a given completion field is "given fields".
/// Error{environment}: no shape fits, or several fields could be the completion; it names them.
Result<SampleShape> recognise_shape(std::span<const nlohmann::json> records,
                                    const SampleFields& given);

/// The name of a journal's shape: its records are read by the journal's own reader.
inline constexpr const char* journal_shape = "assay-journal";

}  // namespace assay::score
