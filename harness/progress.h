// How far long work has come; tool/ decides how it looks.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace assay {

struct Progress {
  std::string what;  ///< "downloading smollm2-135m", "mini-math on cpu"
  std::int64_t done = 0;
  std::int64_t total = 0;  ///< 0: unknown
  bool bytes = false;      ///< done and total are bytes, else items
  std::string note;        ///< "212 tok/s"
};

/// What the harness tells while it works. Called from the thread that called it.
struct Listener {
  std::function<void(const Progress&)> progress = [](const Progress&) {};
  std::function<void(const std::string&)> note = [](const std::string&) {};  ///< one line
  std::function<bool()> cancelled = [] { return false; };
};

/// Throws Error{interrupted} if the listener says so.
void throw_if_cancelled(const Listener& listener, const std::string& hint);

}  // namespace assay
