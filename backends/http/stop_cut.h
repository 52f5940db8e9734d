// A task's stop strings, applied here too: servers differ in what they stop at, whether the string
// stays in the text, and whether it counts inside the thinking part (it must not).
#pragma once

#include <string>
#include <vector>

#include "backends/http/reply.h"

namespace assay::http {

class StopCut {
 public:
  /// opened_by_prompt: the content begins inside the thinking part, unless that comes apart.
  StopCut(std::vector<std::string> stop_strings, bool thinking, bool opened_by_prompt);
  /// Looks at what is new in the content; when a stop string stands there, cuts the content before
  /// it and returns true.
  bool cut(Reply& reply);

 private:
  void follow_tags(const std::string& content);

  std::vector<std::string> stop_strings_;
  bool thinking_;
  bool inside_;
  std::size_t followed_ = 0;     ///< content before it was searched for tags
  std::size_t searched_ = 0;     ///< and for stop strings
  std::size_t search_from_ = 0;  ///< after the thinking part
};

}  // namespace assay::http
