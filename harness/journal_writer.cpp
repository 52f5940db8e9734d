#include "harness/journal_writer.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/journal.h"

namespace assay {
namespace {

Result<int> open_locked(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) {
    const int why = errno;
    return env_failure(fmt::format("cannot write {}: {}", path, std::strerror(why)),
                       why == EEXIST ? "add --resume to go on, or choose another --out"
                                     : "choose another folder with --out");
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return env_failure(fmt::format("{} is being written by another process", path),
                       "wait for it to end, or choose another --out");
  }
  return fd;
}

}  // namespace

Result<JournalWriter> JournalWriter::create(const std::string& path) {
  Result<int> fd = open_locked(path, O_CREAT | O_EXCL);
  if (!fd) return tl::unexpected(fd.error());
  return JournalWriter(*fd, path);
}

Result<JournalWriter> JournalWriter::append(const std::string& path) {
  Result<int> fd = open_locked(path, 0);
  if (!fd) return tl::unexpected(fd.error());
  return JournalWriter(*fd, path);
}

JournalWriter::JournalWriter(JournalWriter&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

JournalWriter::~JournalWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void JournalWriter::cut(std::size_t sound_bytes) {
  if (::ftruncate(fd_, static_cast<off_t>(sound_bytes)) != 0) {
    throw Error(ErrorKind::environment,
                fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
  }
}

void JournalWriter::write(const nlohmann::json& record) {
  const std::string line = journal_line(record);
  const off_t before = ::lseek(fd_, 0, SEEK_END);
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = ::write(fd_, line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int why = errno;
      // Take back a line written in part. If that fails too, the reader cuts it off.
      [[maybe_unused]] const int taken_back = ::ftruncate(fd_, before);
      throw Error(ErrorKind::environment,
                  fmt::format("cannot write {}: {}", path_, std::strerror(why)),
                  "what was finished is kept; free space and go on with --resume");
    }
    done += static_cast<std::size_t>(n);
  }
  if (::fdatasync(fd_) != 0 && errno != EINVAL && errno != EROFS) {
    throw Error(ErrorKind::environment,
                fmt::format("cannot write {}: {}", path_, std::strerror(errno)),
                "what was finished is kept; free space and go on with --resume");
  }
}

}  // namespace assay
