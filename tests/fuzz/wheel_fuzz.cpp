// Any bytes as a wheel: refused, or one member of the very size, never more.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "harness/fetch/wheel.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int fd = memfd_create("wheel", 0);
  if (fd < 0 || write(fd, data, size) != static_cast<ssize_t>(size)) std::abort();
  const assay::WheelMember wheel = {.package = "p",
                                    .version = "1",
                                    .wheel_bytes = 0,
                                    .wheel_sha256 = {},
                                    .member = "a/b",
                                    .bytes = 100};
  std::size_t bytes = 0;
  const auto result = assay::fetch::extract_member(
      "/proc/self/fd/" + std::to_string(fd), wheel,
      [&bytes](std::span<const std::byte> chunk) -> assay::Result<void> {
        bytes += chunk.size();
        return {};
      });
  close(fd);
  if (bytes > 100 || (result && bytes != 100)) std::abort();
  return 0;
}
