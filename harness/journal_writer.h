// Appends records to a journal so that a kill at any moment loses at most the line in flight.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/error.h"

namespace assay {

/// Holds an exclusive lock on the file: a second writer is refused. Each line is one write(2)
/// followed by fdatasync. Not thread-safe.
class JournalWriter {
 public:
  /// Makes a new journal; Error{environment} if the file exists or cannot be written.
  static Result<JournalWriter> create(const std::string& path);
  /// Locks an existing journal to go on with it; read it after that, then cut().
  static Result<JournalWriter> append(const std::string& path);
  JournalWriter(JournalWriter&& other) noexcept;
  JournalWriter& operator=(JournalWriter&&) = delete;
  ~JournalWriter();

  /// Cuts the file to its sound bytes: a last line torn by a crash goes. Throws Error{environment}.
  void cut(std::size_t sound_bytes);
  /// Throws Error{environment} (a full disk): nothing already written is damaged.
  void write(const nlohmann::json& record);

 private:
  JournalWriter(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
};

}  // namespace assay
