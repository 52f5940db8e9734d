// The texts of replies and prompts, in whatever form a tool keeps them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace assay::score {

/// The texts of a completion field, in order: a string; a list of strings, of chat turns (the
/// assistant's last one counts) or of lists; an object with its text in `content` or the like, or
/// one such object per key. A reasoning part that a server keeps apart (`reasoning_content`) stands
/// in think tags before the text again, unclosed where no text followed.
std::vector<std::string> reply_texts(const nlohmann::json& value);

/// A prompt's text: a string, or the last turn of the user in a chat; else empty.
std::string prompt_text(const nlohmann::json& value);

}  // namespace assay::score
