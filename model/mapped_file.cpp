#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/host_memory.h"
#include "core/text.h"
#include "model/model_file.h"

namespace assay {
namespace {

constexpr std::size_t kMaxPathBytes = 400;

/// Closes the descriptor on every way out.
struct FileDescriptor {
  int fd;
  explicit FileDescriptor(int descriptor) : fd(descriptor) {}
  ~FileDescriptor() {
    if (fd >= 0) ::close(fd);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
};

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  const std::string label = name_for_message(path, kMaxPathBytes);
  const auto fail = [&](const char* action) {
    return env_failure(fmt::format("cannot {} '{}': {}", action, label, std::strerror(errno)),
                       "check the path and its permissions");
  };
  // O_NONBLOCK: opening a pipe must not wait for a writer before it is refused below.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd < 0) return fail("open");
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return fail("read");
  if (!S_ISREG(info.st_mode)) {
    return env_failure(fmt::format("'{}' is not a regular file", label),
                       "give a model file or a directory that holds one");
  }

  const auto size = static_cast<std::size_t>(info.st_size);
  std::shared_ptr<MappedFile> mapped(new MappedFile());
  mapped->path_ = path;
  if (size == 0) return mapped;  // mmap refuses length 0; an empty span says the same
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (start == MAP_FAILED) return fail("map");
  mapped->bytes_ = {static_cast<const std::byte*>(start), size};
  return mapped;
}

Result<std::shared_ptr<const MappedFile>> MappedFile::copy_of(
    std::span<const std::span<const std::byte>> parts,
    std::vector<std::span<const std::byte>>* copies) {
  constexpr std::size_t kAlignment = 64;
  std::size_t size = 0;
  for (const auto& part : parts) size += (part.size() + kAlignment - 1) / kAlignment * kAlignment;
  const std::int64_t available = available_host_memory();
  if (std::cmp_greater(size, available)) {
    return env_failure(
        fmt::format("an aligned copy of its tensors takes {}, and {} are free",
                    format_bytes(static_cast<std::int64_t>(size)), format_bytes(available)),
        "write the file again with a current version of safetensors");
  }
  const auto fail = [] {
    return env_failure(
        fmt::format("cannot make an aligned copy of its tensors: {}", std::strerror(errno)),
        "write the file again with a current version of safetensors");
  };
  const FileDescriptor file(::memfd_create("assay-aligned", MFD_CLOEXEC));
  if (file.fd < 0 || ::ftruncate(file.fd, static_cast<off_t>(size)) != 0) return fail();
  void* start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd, 0);
  if (start == MAP_FAILED) return fail();
  std::shared_ptr<MappedFile> mapped(new MappedFile());
  mapped->bytes_ = {static_cast<const std::byte*>(start), size};
  std::size_t at = 0;
  for (const auto& part : parts) {
    std::memcpy(static_cast<std::byte*>(start) + at, part.data(), part.size());
    copies->push_back(mapped->bytes().subspan(at, part.size()));
    at += (part.size() + kAlignment - 1) / kAlignment * kAlignment;
  }
  return mapped;
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  // munmap takes a mutable pointer although the pages are read-only.
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release(std::span<const std::byte> bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t into_page = reinterpret_cast<std::uintptr_t>(bytes.data()) % page;
  const std::size_t skipped = (page - into_page) % page;  // to the first whole page
  if (bytes.size() < skipped + page) return;
  const std::size_t whole = (bytes.size() - skipped) / page * page;
  // Only advice: where it is refused, the pages stay.
  (void)::madvise(const_cast<std::byte*>(bytes.data() + skipped), whole, MADV_DONTNEED);
}

}  // namespace assay
