// Server-sent events (WHATWG HTML, 9.2): bytes in, the data of each event out.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace assay::http {

class SseParser {
 public:
  /// Takes what came; calls `on_data` with the data of each event that ended with it, lines joined
  /// by newlines. False when a line or an event grew beyond `kMaxEventBytes`.
  bool push(std::string_view bytes, const std::function<void(std::string_view)>& on_data);
  /// Whether the stream stands inside a line or an event that no blank line ended.
  bool inside_event() const { return !line_.empty() || has_data_; }
  /// The unfinished event's data: what a server that forgets the last blank line left.
  std::string take_rest();

  static constexpr std::size_t kMaxEventBytes = std::size_t{8} << 20;

 private:
  void end_line(const std::function<void(std::string_view)>& on_data);

  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_return_ = false;  ///< the last byte was CR: an LF belongs to it
  bool at_start_ = true;       ///< a byte order mark may stand here
};

}  // namespace assay::http
