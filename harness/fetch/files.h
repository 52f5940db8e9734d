// The few file operations that fetching needs: durable appends, hashes, free space, a lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "core/error.h"

namespace assay::fetch {

/// A file descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd();
  Fd(Fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Opens (creating) a file to append to, cut to its first `keep_bytes` bytes.
Result<Fd> open_for_append(const std::filesystem::path& path, std::int64_t keep_bytes);
Result<void> write_all(const Fd& fd, std::span<const std::byte> bytes,
                       const std::filesystem::path& path);

/// Bytes of a file; 0 if it is not there.
std::int64_t size_or_zero(const std::filesystem::path& path);
/// sha256 of a file, in lower-case hex; `cancelled` is asked every few megabytes.
Result<std::string> hash_file(const std::filesystem::path& path,
                              const std::function<bool()>& cancelled);
/// Flushes the file, renames it to its final name and flushes the directory.
Result<void> publish(const std::filesystem::path& partial, const std::filesystem::path& final_path);
/// Fails, with both numbers, unless the file system of `directory` has `needed_bytes` free.
Result<void> require_space(const std::filesystem::path& directory, std::int64_t needed_bytes);
Result<void> make_directories(const std::filesystem::path& directory);

/// Holds an exclusive lock on `path` (a file made for it) until destroyed.
/// `waiting` is called once if another holds it.
Result<Fd> lock_file(const std::filesystem::path& path, const std::function<void()>& waiting,
                     const std::function<bool()>& cancelled);

/// What `cancelled` ends with.
Error interrupted_error();

}  // namespace assay::fetch
