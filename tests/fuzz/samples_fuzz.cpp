// Any bytes as a file of samples, plain, gzip or zip: reading, recognising and matching either work
// or name the damage.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "harness/score/problem_match.h"

namespace {

/// One file for the whole process; the content is all that changes.
const std::string& path() {
  static const std::string path = "/tmp/samples_fuzz." + std::to_string(getpid());
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::FILE* file = std::fopen(path().c_str(), "wb");
  if (file == nullptr) return 0;
  std::fwrite(data, 1, size, file);
  std::fclose(file);
  assay::score::RecordLimits limits;
  limits.source.max_line_bytes = 1 << 12;
  limits.source.max_text_bytes = 1 << 20;
  const auto samples = assay::score::read_samples(path(), {}, "t", limits);
  if (!samples) return 0;
  (void)assay::score::match_to_itself(*samples, "t", {});
  std::vector<assay::Problem> problems(2);
  problems[0].id = "t/0";
  problems[1].id = "t/1";
  (void)assay::score::match_to_dataset(*samples, "t", problems);
  return 0;
}
