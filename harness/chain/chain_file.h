// Reasoning chains in a foreign file: which field of a record holds the text, and what else a
// record tells about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/types.h"
#include "harness/score/json_records.h"

namespace assay {

/// One completion of a record.
struct ChainText {
  std::string id;       ///< the record's, with "#2" for its second completion; else its line
  std::string problem;  ///< the same for all completions of one record, and of one id
  std::string where;    ///< "file.jsonl:12"
  std::string text;     ///< the completion, without a prompt that stood before it in the same field
  /// Bytes of the field before `text`; 0 unless the field also holds the prompt.
  std::size_t text_begin = 0;
  std::string field;               ///< the field that held it: "code[0]", "messages[1].content"
  std::string question;            ///< may be empty
  std::string answer;              ///< the expected answer; may be empty
  std::optional<StopReason> stop;  ///< of a finish_reason, where one was recorded
};

/// The completions of one record. The text is looked for in, in this order: completion, response,
/// generation, output, full_response, model_output, generated_text, text, code, solution, resps,
/// messages, conversations, choices, steps; `text_field` names another ("a.b" for nested ones).
/// Lists of texts are several completions, but "steps" is one, and so is a conversation (its last
/// turn). Empty when there is none.
std::vector<ChainText> chains_of_record(const nlohmann::json& record, const std::string& where,
                                        const std::string& text_field);

/// All chains of a file, and what in it is none.
struct ChainFile {
  std::vector<ChainText> chains;
  std::int64_t without_text = 0;  ///< records in which no text was found
  score::RecordsSummary summary;  ///< with the lines that could not be read
};

/// Reads whatever score::read_records reads: JSON lines, an array or a document of records; plain,
/// gzip or zip. Error{environment}: unreadable, or no record has a text; {usage}: no record has
/// `text_field`.
Result<ChainFile> read_chain_file(const std::string& path, const std::string& text_field);

/// Whether each chain is in the thinking profile: as `profile` ("thinking", "plain") says, or
/// ("auto") as chain::thinking_texts tells.
std::vector<bool> thinking_profiles(std::span<const ChainText> chains, const std::string& profile);

/// "thinking", "plain" or "mixed".
std::string profile_of_file(const std::vector<bool>& thinking);

}  // namespace assay
