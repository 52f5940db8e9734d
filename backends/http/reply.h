// A server's reply, read as it comes: a stream of events or one JSON document. Foreign bytes: no
// length, order or field is trusted, memory is bounded, and what cannot be a completion has a name.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/http/failure.h"
#include "backends/http/sse.h"

namespace assay::http {

struct Reply {
  std::string reasoning;        ///< the thinking part where it comes apart
  std::string reasoning_field;  ///< "reasoning_content" or "reasoning"; empty: none came
  std::string content;
  bool closed = false;  ///< a content came: what was thought before has ended
  std::string finish_reason;
  bool by_stop_string = false;  ///< the server says that one of ours ended it
  std::optional<std::int64_t> usage_prompt_tokens;
  std::optional<std::int64_t> usage_completion_tokens;
  std::optional<std::int64_t> server_decode_tokens;
  std::optional<double> server_decode_ms;
  std::optional<std::int64_t> server_prefill_tokens;
  std::optional<double> server_prefill_ms;
  std::vector<std::string> notes;  ///< codes, each once

  void note(const std::string& code);
};

class ReplyReader {
 public:
  /// The budget bounds what is taken: more than it can be is `endless_stream`. tells_empty: the
  /// server tells an empty part from one that is not there (assay's own; others fill in "").
  explicit ReplyReader(std::int64_t max_new_tokens, bool tells_empty = false);

  /// The answer's headers. A content encoding that nobody asked for is a failure: what is packed
  /// may unpack to anything.
  void begin(const std::string& content_type, const std::string& content_encoding);
  /// Takes bytes of the body, split anywhere. Bytes of text that came with them.
  std::size_t push(std::string_view bytes);
  /// The body has ended.
  void finish();

  const std::optional<Failure>& failure() const { return failure_; }
  bool is_stream() const { return form_ == Form::events; }
  /// A finish_reason has come: the text is whole.
  bool is_finished() const { return !reply_.finish_reason.empty(); }
  Reply& reply() { return reply_; }
  /// The body's beginning, for messages.
  const std::string& beginning() const { return beginning_; }

 private:
  enum class Form { undecided, events, document };

  void decide_form(char first);
  std::string take_reasoning(const nlohmann::json& said);
  void take_event(std::string_view data);
  void take_object(std::string_view text);
  void take_choice(const nlohmann::json& choice);
  void take_numbers(const nlohmann::json& object);
  void fail(std::string error_class, std::string text, bool may_pass = false);

  std::size_t max_bytes_;
  std::size_t max_text_;
  std::size_t max_document_;
  bool tells_empty_;
  std::size_t bytes_ = 0;
  Form form_ = Form::undecided;
  std::string content_type_;
  std::string beginning_;
  std::string document_;
  SseParser events_;
  bool done_ = false;
  bool any_choice_ = false;
  Reply reply_;
  std::optional<Failure> failure_;
};

}  // namespace assay::http
