// What ends a run, and what a fallible function returns.
#pragma once

#include <exception>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace assay {

/// Why a run ended; the value is the process's exit code (docs/formats.md).
enum class ErrorKind {
  check_failed = 1,  ///< a gate, audit or check says no
  usage = 2,         ///< the command line or its combination of options
  environment = 3,   ///< files, disk, network, memory, missing programs, bad input data
  bug = 4,           ///< assay itself
  interrupted = 130  ///< SIGINT or SIGTERM
};

/// One line for a person: what happened (and where), and what to do next.
/// Thrown only for what ends a run, and caught once in main. Parsers of foreign bytes return it
/// inside a Result instead. Libraries never print.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string what, std::string hint = {})
      : kind_(kind), what_(std::move(what)), hint_(std::move(hint)) {}

  ErrorKind kind() const { return kind_; }
  const char* what() const noexcept override { return what_.c_str(); }
  const std::string& message() const { return what_; }
  /// What to do next; may be empty.
  const std::string& hint() const { return hint_; }
  /// "what (hint)" on one line.
  std::string line() const { return hint_.empty() ? what_ : what_ + "; " + hint_; }

 private:
  ErrorKind kind_;
  std::string what_;
  std::string hint_;
};

/// Error{environment}: memory was refused, and nothing else has happened. Whoever works on many
/// things at once may go on with fewer.
class OutOfMemory : public Error {
 public:
  explicit OutOfMemory(std::string what, std::string hint = {})
      : Error(ErrorKind::environment, std::move(what), std::move(hint)) {}
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(ErrorKind kind, std::string what, std::string hint = {}) {
  return tl::unexpected<Error>(Error(kind, std::move(what), std::move(hint)));
}

/// Bad bytes, missing files, full disks.
inline tl::unexpected<Error> env_failure(std::string what, std::string hint = {}) {
  return failure(ErrorKind::environment, std::move(what), std::move(hint));
}

/// The value, or the error thrown: for callers whose run ends with it.
template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::move(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

namespace detail {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}

/// Programmer errors, in release builds too; never inside inner loops.
#define ASSAY_ASSERT(condition) \
  ((condition) ? void(0) : ::assay::detail::assertion_failed(#condition, __FILE__, __LINE__))

}  // namespace assay
