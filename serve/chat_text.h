// A chat answer's text, taken apart as it grows: the chain of thought, then the content. Nothing is
// trimmed: reasoning + "</think>" + content is what the model wrote, where the chain was closed.
#pragma once

#include <string>
#include <string_view>

namespace assay::serve {

struct ChatDelta {
  std::string reasoning;
  std::string content;
  bool empty() const { return reasoning.empty() && content.empty(); }
};

class ChatText {
 public:
  /// thinks: the model has a thinking part; open: the prompt has opened it already.
  ChatText(bool thinks, bool open);

  /// `text`: all that is settled so far, longer each time. What is new in it and cannot be the
  /// beginning of a tag.
  ChatDelta push(std::string_view text) { return take(text, false); }
  /// The whole text.
  ChatDelta finish(std::string_view text) { return take(text, true); }
  /// Whether a chain of thought was begun, and whether it was closed: both may be empty texts.
  bool begun() const { return begun_; }
  bool closed() const { return begun_ && part_ == Part::content; }

 private:
  enum class Part { start, reasoning, content };
  ChatDelta take(std::string_view text, bool whole);

  Part part_;
  bool begun_;
  std::size_t taken_ = 0;  ///< bytes of the text that were passed on or dropped
};

/// Bytes at the end of `text` that may be the beginning of `tag`.
std::size_t held_back(std::string_view text, std::string_view tag);

}  // namespace assay::serve
