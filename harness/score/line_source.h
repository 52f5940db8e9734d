// Lines of a foreign file: plain, gzipped, or the one file inside a zip. Streams, so that a line of
// any length costs no more memory than the limit.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/error.h"

namespace assay::score {

/// What a file may ask of this process.
struct SourceLimits {
  std::size_t max_line_bytes = std::size_t{64} << 20;  ///< longer lines are passed over
  std::size_t max_text_bytes = std::size_t{16} << 30;  ///< after unpacking; more is an error
};

struct SourceLine {
  std::int64_t number = 0;  ///< from 1
  std::size_t bytes = 0;    ///< without the newline
  bool too_long = false;    ///< over the limit: `text` is empty
  std::string text;         ///< without newline, carriage return and, on line 1, byte order mark
};

/// Where the bytes come from; a failure says what is damaged.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Bytes read into `buffer`; 0 at the end.
  virtual Result<std::size_t> read(char* buffer, std::size_t size) = 0;
  /// "", "gzip" or "zip": for the report.
  virtual std::string packing() const = 0;
};

/// Opens by content, not by name. Error{environment}: unreadable, or a zip that does not hold
/// exactly one file.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path);

class LineSource {
 public:
  /// `path` is for messages.
  LineSource(std::unique_ptr<ByteSource> bytes, std::string path, const SourceLimits& limits);
  /// The next line, blank ones included; false at the end. Error{environment}: damaged, cut, or
  /// unpacks to more than the limit.
  Result<bool> next(SourceLine& line);
  std::string packing() const { return bytes_->packing(); }

 private:
  Result<bool> fill();

  std::unique_ptr<ByteSource> bytes_;
  std::string path_;
  SourceLimits limits_;
  std::unique_ptr<std::array<char, 1 << 16>> buffer_;
  std::size_t begin_ = 0;  ///< of what is unread in `buffer_`
  std::size_t end_ = 0;
  std::size_t total_bytes_ = 0;
  std::int64_t number_ = 0;
};

}  // namespace assay::score
