#include "evals/common/sandbox/python_interpreter.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "core/jsonl.h"
#include "evals/common/sandbox/supervised_process.h"

namespace assay::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr double probe_seconds = 10;

/// Prints one JSON object; imports what the sandbox's driver imports, so that it maps the same
/// files.
constexpr const char* probe_program = R"(
import ctypes, hashlib, json, os, random, resource, signal, socket, struct, sys, types
assert sys.version_info >= (3, 8)
maps = [line.split(None, 5)[-1].strip() for line in open("/proc/self/maps")]
print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3],
                  "library": os.path.dirname(os.__file__),
                  "mapped": [path for path in maps if path.startswith("/")]}))
)";

bool is_elf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic(4, '\0');
  return file.read(magic.data(), 4) && magic ==
                                           "\x7F"
                                           "ELF";
}

std::vector<fs::path> candidates() {
  std::vector<fs::path> out = {"/usr/bin/python3", "/usr/local/bin/python3"};
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (!folder.empty() && folder[0] == '/') out.push_back(fs::path(folder) / "python3");
  }
  return out;
}

Result<PythonInterpreter> probe(const fs::path& path) {
  ProcessSpec spec;
  spec.argv = {path.string(), "-I", "-S", "-c", probe_program};
  const Result<ProcessResult> result = run_supervised(std::move(spec), probe_seconds);
  if (!result) return tl::unexpected(result.error());
  const auto answer = nlohmann::json::parse(result->out, nullptr, false);
  if (result->exit_code != 0 || !answer.is_object()) {
    return env_failure(path.string() + " does not run, or is older than Python 3.8");
  }
  PythonInterpreter python;
  python.path = path.string();
  python.version = answer.value("version", "");
  std::set<std::string> folders = {answer.value("library", "")};
  for (const auto& mapped : answer.at("mapped")) {
    const fs::path file = mapped.get<std::string>();
    if (file != path && file.filename().string().find(".so") != std::string::npos) {
      folders.insert(file.parent_path().string());
    }
  }
  python.folders.assign(folders.begin(), folders.end());
  Result<TextFile> executable = read_text_file(path.string());
  if (!executable) return tl::unexpected(executable.error());
  python.sha256 = std::move(executable->sha256);
  return python;
}

}  // namespace

Result<PythonInterpreter> find_python() {
  std::set<fs::path> tried;
  for (const fs::path& candidate : candidates()) {
    std::error_code none;
    const fs::path path = fs::canonical(candidate, none);
    if (none || !is_elf(path) || !tried.insert(path).second) continue;
    if (Result<PythonInterpreter> python = probe(path)) return python;
  }
  return env_failure("no Python 3.8 or later was found to run code tasks with",
                     "install it: apt-get install python3");
}

}  // namespace assay::sandbox
