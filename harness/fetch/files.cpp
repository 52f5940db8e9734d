#include "harness/fetch/files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "core/sha256.h"
#include "core/text.h"

namespace assay::fetch {
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;

tl::unexpected<Error> errno_failure(const char* action, const std::filesystem::path& path) {
  const int code = errno;
  const char* hint = "check that the cache folder is writable, or set XDG_CACHE_HOME to another";
  if (code == ENOSPC || code == EDQUOT) {
    hint = "free some space, or set XDG_CACHE_HOME to a larger disk; what is there will be resumed";
  }
  return env_failure(fmt::format("cannot {} '{}': {}", action, path.string(), std::strerror(code)),
                     hint);
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Fd& Fd::operator=(Fd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Result<Fd> open_for_append(const std::filesystem::path& path, std::int64_t keep_bytes) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid()) return errno_failure("write", path);
  if (::ftruncate(fd.get(), keep_bytes) != 0 || ::lseek(fd.get(), keep_bytes, SEEK_SET) < 0) {
    return errno_failure("write", path);
  }
  return fd;
}

Result<void> write_all(const Fd& fd, std::span<const std::byte> bytes,
                       const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_failure("write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

std::int64_t size_or_zero(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

Result<std::string> hash_file(const std::filesystem::path& path,
                              const std::function<bool()>& cancelled) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return errno_failure("read", path);
  Sha256 hash;
  std::vector<std::byte> buffer(kChunkBytes);
  while (true) {
    if (cancelled()) return tl::unexpected(interrupted_error());
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_failure("read", path);
    if (n == 0) return hash.hex();
    hash.update(std::span(buffer).first(static_cast<std::size_t>(n)));
  }
}

Result<void> publish(const std::filesystem::path& partial,
                     const std::filesystem::path& final_path) {
  const Fd file(::open(partial.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() || ::fsync(file.get()) != 0) return errno_failure("flush", partial);
  if (::rename(partial.c_str(), final_path.c_str()) != 0) {
    return errno_failure("rename to", final_path);
  }
  const Fd directory(::open(final_path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || ::fsync(directory.get()) != 0) {
    return errno_failure("flush", final_path.parent_path());
  }
  return {};
}

Result<void> require_space(const std::filesystem::path& directory, std::int64_t needed_bytes) {
  struct statvfs stats {};
  if (::statvfs(directory.c_str(), &stats) != 0) return errno_failure("inspect", directory);
  const auto free_bytes =
      static_cast<std::int64_t>(stats.f_bavail) * static_cast<std::int64_t>(stats.f_frsize);
  if (free_bytes >= needed_bytes) return {};
  return env_failure(fmt::format("'{}' has {} free and the download needs {}", directory.string(),
                                 format_bytes(free_bytes), format_bytes(needed_bytes)),
                     "free some space, or set XDG_CACHE_HOME to a larger disk");
}

Result<void> make_directories(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return {};
  return env_failure(
      fmt::format("cannot make the folder '{}': {}", directory.string(), error.message()),
      "check its permissions, or set XDG_CACHE_HOME to a folder that you may write to");
}

Result<Fd> lock_file(const std::filesystem::path& path, const std::function<void()>& waiting,
                     const std::function<bool()>& cancelled) {
  constexpr auto kPollInterval = std::chrono::milliseconds(100);
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid()) return errno_failure("write", path);
  bool told = false;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno_failure("lock", path);
    if (cancelled()) return tl::unexpected(interrupted_error());
    if (!told) waiting();
    told = true;
    std::this_thread::sleep_for(kPollInterval);
  }
  return fd;
}

Error interrupted_error() {
  return {ErrorKind::interrupted, "interrupted",
          "run the same command again to continue where it stopped"};
}

}  // namespace assay::fetch
