// How much memory this process may still take from the host, and taking it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace assay {

/// Bytes this process could still take without swapping: the kernel's MemAvailable, or what the
/// limits of its cgroups (v1 or v2, its own and all above it) leave if that is less; page cache
/// that the kernel would drop counts as free. `root` stands for "/", for tests.
std::int64_t available_host_memory(const std::filesystem::path& root = "/");

struct HostMemoryDeleter {
  void operator()(std::byte* bytes) const;
};
/// Owns memory of allocate_host_memory.
using HostMemory = std::unique_ptr<std::byte[], HostMemoryDeleter>;

/// `bytes` of uninitialised memory, 64-byte aligned; its pages are taken as they are touched.
/// Throws Error{environment} naming `what` ("KV cache") and the numbers when more is asked than
/// available.
HostMemory allocate_host_memory(std::int64_t bytes, std::string_view what);

}  // namespace assay
