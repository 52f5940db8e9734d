// Brings models and datasets into the cache: $XDG_CACHE_HOME/assay (or ~/.cache/assay), below it
// models/NAME/FILE and datasets/NAME/FILE. A file stands under its final name only after its size
// and sha256 matched; until then it is FILE.partial, which the next call continues.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/eval.h"
#include "harness/fetch/manifest.h"

namespace assay::fetch {

struct Progress {
  std::string what;              ///< file or package
  std::int64_t done_bytes = 0;   ///< of this file, what an earlier call left included
  std::int64_t total_bytes = 0;  ///< 0: unknown
};

/// How to fetch. Callbacks run on the calling thread.
struct Options {
  bool pypi_mirror = false;          ///< --mirror pypi: the parts first, not the origin
  std::filesystem::path cache_root;  ///< ".../assay"
  std::string hub_endpoint;          ///< HF_ENDPOINT; empty: kHubOrigin
  std::string hub_token;             ///< HF_TOKEN; goes to the endpoint only, never elsewhere
  std::string ca_bundle;             ///< CURL_CA_BUNDLE or SSL_CERT_FILE; empty: libcurl's own
  std::function<void(const Progress&)> progress = [](const Progress&) {};
  std::function<void(const std::string&)> notice = [](const std::string&) {};  ///< one line each
  std::function<bool()> cancelled = [] { return false; };
  int attempts = 3;            ///< per source, each continuing the one before
  int retry_pause_ms = 1000;   ///< between two attempts
  int connect_timeout_s = 20;  ///< then the source counts as unreachable
  int stall_timeout_s = 60;    ///< without a byte, then the attempt ends
};

/// Options from XDG_CACHE_HOME, HOME, HF_ENDPOINT, HF_TOKEN, CURL_CA_BUNDLE, SSL_CERT_FILE.
/// Error{environment} if no cache folder can be named.
Result<Options> options_from_environment();

struct Fetched {
  std::filesystem::path path;  ///< the file, or the directory of a model of several files
  std::string sha256;          ///< of the (largest) file
  std::int64_t bytes = 0;      ///< of all files
  bool from_cache = false;     ///< nothing was downloaded
  std::string source;          ///< "cache", a host, or "PyPI"
};

/// A model by the name that `list_models` shows; Error{usage} for another one. Cached files are
/// hashed again, so that a damaged file is noticed (and fetched anew). Two calls for one thing at
/// once are safe, in one process or two: the second waits.
/// Errors{environment}: unreachable or refusing sources, wrong bytes, full disk, no pip;
/// Error{interrupted} when `cancelled` says so. The final name is never left half written.
Result<Fetched> fetch_model(const std::string& name, const Options& options);
Result<Fetched> fetch_model(const ModelManifest& model, const Options& options);

/// A dataset's file. An embedded one has none: Error{usage}.
Result<Fetched> fetch_dataset(const DatasetManifest& manifest, const Options& options);

struct ListedModel {
  std::string name;
  std::string title;
  std::string licence;
  std::string source;
  std::int64_t bytes = 0;          ///< of all files
  bool bytes_are_a_bound = false;  ///< the origin alone knows the sizes; `bytes` is the most
  bool available = false;          ///< in the cache, at the right size
  std::string why;                 ///< where it lies, or the command that brings it
};

/// All models that have a name. Cheap: looks at sizes, hashes nothing.
std::vector<ListedModel> list_models(const std::filesystem::path& cache_root);

}  // namespace assay::fetch
