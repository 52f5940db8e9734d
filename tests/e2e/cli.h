// The program as a person runs it, in a folder and with a cache of its own.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/test_data.h"
#include "tests/support/tiny_model.h"

namespace assay {

using testing::ProcessOptions;
using testing::ProcessResult;

/// What stands between the spaces.
inline std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

inline ProcessOptions with_input(std::string input) {
  ProcessOptions options;
  options.input = std::move(input);
  return options;
}

class Cli : public ::testing::Test {
 protected:
  ProcessResult assay(std::vector<std::string> arguments, const ProcessOptions& options = {}) {
    arguments.insert(arguments.begin(), ASSAY_BINARY);
    ProcessOptions own = options;
    own.environment.push_back("XDG_CACHE_HOME=" + (dir_.path() / "cache").string());
    return testing::run_process(arguments, own);
  }
  std::string model(TensorType type = TensorType::F32, Arch arch = Arch::llama) {
    const auto path =
        dir_.path() / ("m" + std::to_string(static_cast<std::uint32_t>(type)) + ".gguf");
    testing::TinyModel tiny = testing::tiny_model(arch, type);
    tiny.max_context = 4096;
    testing::tiny_gguf(tiny).write(path);
    return path.string();
  }
  std::string out(const std::string& name) const { return (dir_.path() / name).string(); }
  nlohmann::json report(const std::string& name) const {
    return nlohmann::json::parse(testing::read_text(dir_.path() / name / "report.json"));
  }
  void expect_error(const ProcessResult& result, int code, const std::string& part) {
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_THAT(result.err, ::testing::HasSubstr("assay: error: "));
    EXPECT_THAT(result.err, ::testing::HasSubstr(part));
    const std::string last = result.err.substr(result.err.rfind("assay: error: "));
    EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 1) << "one line: " << last;
  }

  testing::TempDir dir_;
};

}  // namespace assay
