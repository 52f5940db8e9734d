#include "core/host_memory.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kAlignment = 64;
/// Smaller requests are granted unchecked: asking the kernel costs more than they do.
constexpr std::int64_t kCheckedBytes = std::int64_t{16} << 20;

/// The number after `key` and blanks on a line of its own; nothing if there is none.
std::optional<std::int64_t> number_after(const fs::path& file, std::string_view key) {
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with(key)) continue;
    const std::size_t start = line.find_first_not_of(" \t", key.size());
    if (start == std::string::npos) return std::nullopt;
    std::int64_t value = 0;
    const auto parsed = std::from_chars(line.data() + start, line.data() + line.size(), value);
    if (parsed.ec == std::errc()) return value;
    return std::nullopt;
  }
  return std::nullopt;
}

/// What differs between the two versions of the memory controller.
struct CgroupFiles {
  const char* limit;
  const char* usage;
  const char* reclaimable;  ///< key in memory.stat
};
constexpr CgroupFiles kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                   "total_inactive_file"};
constexpr CgroupFiles kVersion2 = {"memory.max", "memory.current", "inactive_file"};

/// What one cgroup leaves; kUnlimited without a limit ("max" is no number) or without files.
std::int64_t left_in_cgroup(const fs::path& folder, const CgroupFiles& files) {
  const auto limit = number_after(folder / files.limit, "");
  const auto usage = number_after(folder / files.usage, "");
  if (!limit || !usage) return kUnlimited;
  const std::int64_t cache = number_after(folder / "memory.stat", files.reclaimable).value_or(0);
  return std::max<std::int64_t>(*limit - (*usage - std::min(cache, *usage)), 0);
}

/// The least that a cgroup and those above it leave. Inside a container the path may not exist
/// below the mount: then the mount's root is what applies.
std::int64_t left_up_to_root(const fs::path& mount, std::string path, const CgroupFiles& files) {
  std::int64_t left = left_in_cgroup(mount, files);
  while (!path.empty() && path != "/") {
    left = std::min(left, left_in_cgroup(mount / path.substr(1), files));
    path.resize(path.rfind('/'));
  }
  return left;
}

std::int64_t left_in_cgroups(const fs::path& root) {
  std::int64_t left = kUnlimited;
  std::ifstream in(root / "proc/self/cgroup");
  std::string line;  // hierarchy:controllers:/path
  while (std::getline(in, line)) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    if (!path.starts_with('/')) continue;
    if (controllers.empty()) {
      left = std::min(left, left_up_to_root(root / "sys/fs/cgroup", std::move(path), kVersion2));
    } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
      left = std::min(left,
                      left_up_to_root(root / "sys/fs/cgroup/memory", std::move(path), kVersion1));
    }
  }
  return left;
}

}  // namespace

std::int64_t available_host_memory(const fs::path& root) {
  const auto kib = number_after(root / "proc/meminfo", "MemAvailable:");
  // Systems without /proc: what is installed is the best bound there is.
  const std::int64_t host = kib ? *kib * 1024 : sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  return std::min(host, left_in_cgroups(root));
}

void HostMemoryDeleter::operator()(std::byte* bytes) const {
  std::free(bytes);
}

HostMemory allocate_host_memory(std::int64_t bytes, std::string_view what) {
  ASSAY_ASSERT(bytes >= 0);
  if (bytes >= kCheckedBytes) {
    const std::int64_t available = available_host_memory();
    if (bytes > available) {
      throw OutOfMemory(fmt::format("{} needs {}, of which {} is available", what,
                                    format_bytes(bytes), format_bytes(available)),
                        "use a smaller model, --context or batch");
    }
  }
  const std::size_t rounded =
      (static_cast<std::size_t>(bytes) + kAlignment - 1) / kAlignment * kAlignment;
  auto* memory =
      static_cast<std::byte*>(std::aligned_alloc(kAlignment, std::max(rounded, kAlignment)));
  if (memory == nullptr) {
    throw OutOfMemory(fmt::format("{}: the system refused {}", what, format_bytes(bytes)),
                      "use a smaller model, --context or batch");
  }
  return HostMemory(memory);
}

}  // namespace assay
