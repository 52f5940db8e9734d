#include "harness/fetch/wheel.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <zip.h>

#include <memory>
#include <string_view>
#include <vector>

namespace assay::fetch {
namespace {

constexpr zip_int64_t kMaxMembers = 10'000;
constexpr std::size_t kMemberChunkBytes = 1 << 20;

struct ZipDeleter {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, ZipDeleter>;
using Member = std::unique_ptr<zip_file_t, ZipDeleter>;

tl::unexpected<Error> refuse(const WheelMember& wheel, std::string_view what) {
  return env_failure(fmt::format("the wheel of {} {} {}", wheel.package, wheel.version, what),
                     "nothing was kept; the package index serves something else than the release");
}

/// A relative path without "..", backslashes or control characters.
bool is_plain_path(std::string_view name) {
  if (name.empty() || name.front() == '/') return false;
  for (const char c : name) {
    if (c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  while (!name.empty()) {
    const std::size_t slash = name.find('/');
    if (name.substr(0, slash) == "..") return false;
    if (slash == name.npos) break;
    name.remove_prefix(slash + 1);
  }
  return true;
}

/// What the Unix mode in the archive says: 0 (no mode), a file, or a folder named as such.
bool is_regular(zip_t* archive, zip_uint64_t index, std::string_view name) {
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(archive, index, 0, &system, &attributes) != 0) return false;
  const mode_t mode = static_cast<mode_t>(attributes >> 16) & S_IFMT;
  return mode == 0 || mode == S_IFREG || (mode == S_IFDIR && name.ends_with('/'));
}

/// The index of the one wanted member, after a look at every member.
Result<zip_uint64_t> find_member(zip_t* archive, const WheelMember& wheel) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count > kMaxMembers) return refuse(wheel, "has too many members");
  zip_int64_t found = -1;
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const char* raw_name = zip_get_name(archive, index, ZIP_FL_ENC_RAW);
    const std::string_view name = raw_name != nullptr ? raw_name : "";
    if (!is_plain_path(name)) return refuse(wheel, "has a member whose name leaves its folder");
    if (!is_regular(archive, index, name)) {
      return refuse(wheel, "has a member that is a link or a special file");
    }
    if (name != wheel.member) continue;
    if (found >= 0) return refuse(wheel, fmt::format("has '{}' twice", wheel.member));
    found = i;
  }
  if (found < 0) return refuse(wheel, fmt::format("has no '{}'", wheel.member));
  return static_cast<zip_uint64_t>(found);
}

Result<void> check_stat(zip_t* archive, zip_uint64_t index, const WheelMember& wheel) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive, index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
    return refuse(wheel, "is damaged");
  }
  if (stat.encryption_method != ZIP_EM_NONE) return refuse(wheel, "is encrypted");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    return refuse(wheel, "is compressed in an unusual way");
  }
  if (stat.size != static_cast<zip_uint64_t>(wheel.bytes)) {
    return refuse(wheel, fmt::format("has '{}' with {} bytes instead of {}", wheel.member,
                                     stat.size, wheel.bytes));
  }
  return {};
}

/// The sizes in an archive may lie, so the stream itself is counted; libzip checks the CRC at its
/// end.
Result<void> stream_member(zip_t* archive, zip_uint64_t index, const WheelMember& wheel,
                           const ByteSink& sink) {
  const Member member(zip_fopen_index(archive, index, 0));
  if (!member) return refuse(wheel, "is damaged");
  std::vector<std::byte> buffer(kMemberChunkBytes);
  std::int64_t total = 0;
  while (true) {
    const zip_int64_t n = zip_fread(member.get(), buffer.data(), buffer.size());
    if (n < 0) return refuse(wheel, "is damaged (its checksum or its compressed data)");
    if (n == 0) break;
    total += n;
    if (total > wheel.bytes) return refuse(wheel, "unpacks to more than it says");
    if (auto sunk = sink(std::span(buffer).first(static_cast<std::size_t>(n))); !sunk) return sunk;
  }
  if (total != wheel.bytes) return refuse(wheel, "unpacks to less than it says");
  return {};
}

}  // namespace

Result<void> extract_member(const std::filesystem::path& archive_path, const WheelMember& wheel,
                            const ByteSink& sink) {
  int code = 0;
  const Archive archive(zip_open(archive_path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!archive) return refuse(wheel, "is not a ZIP archive");
  const auto index = find_member(archive.get(), wheel);
  if (!index) return tl::unexpected(index.error());
  if (auto fine = check_stat(archive.get(), *index, wheel); !fine) return fine;
  return stream_member(archive.get(), *index, wheel, sink);
}

}  // namespace assay::fetch
