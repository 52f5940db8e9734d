// JSON lines and every dataset reader on any bytes: an error or checked problems, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/jsonl.h"
#include "datasets/common/code_records.h"
#include "datasets/common/math_records.h"

using assay::DatasetManifest;
using namespace assay::datasets;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto unpacked = assay::gunzip(text, "f", 1 << 20);
  if (unpacked && unpacked->size() > (1 << 20)) std::abort();

  DatasetManifest manifest;
  manifest.name = "fuzz";
  manifest.n_problems = 1;
  for (const RecordReader& reader :
       {RecordReader(read_code_problem), RecordReader(read_mini_problem)}) {
    const auto content = read_records(text, "f", manifest, reader);
    if (content && content->problems.size() != 1) std::abort();
    if (!content && content.error().message().find("f") == std::string::npos) std::abort();
  }
  return 0;
}
