#include "harness/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace assay {
namespace {

/// Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

template <class Plugin, class NameOf>
Result<const Plugin*> find(const std::vector<Plugin>& all, std::string_view kind,
                           std::string_view name, NameOf name_of) {
  std::vector<std::string> known;
  for (const Plugin& plugin : all) {
    if (name_of(plugin) == name) return &plugin;
    known.push_back(name_of(plugin));
  }
  return tl::unexpected(unknown_name(kind, name, known));
}

}  // namespace

Error unknown_name(std::string_view kind, std::string_view name,
                   const std::vector<std::string>& known) {
  std::string hint = fmt::format("known: {}", fmt::join(known, ", "));
  const auto nearest = std::min_element(known.begin(), known.end(),
                                        [name](const std::string& a, const std::string& b) {
                                          return edit_distance(a, name) < edit_distance(b, name);
                                        });
  if (nearest != known.end() && edit_distance(*nearest, name) <= 2) {
    hint = fmt::format("did you mean '{}'? {}", *nearest, hint);
  }
  return {ErrorKind::usage, fmt::format("unknown {} '{}'", kind, name), hint};
}

Result<const BackendPlugin*> find_backend(std::string_view name) {
  return find(backend_plugins(), "backend", name, [](const auto& p) { return p.name; });
}

std::string default_backend() {
  for (const char* name : {"cpu", "neon"}) {
    const auto plugin = find_backend(name);
    if (plugin && (*plugin)->availability().available) return name;
  }
  return "reference";
}

Result<const DatasetPlugin*> find_task(std::string_view name) {
  return find(dataset_plugins(), "task", name, [](const auto& p) { return p.manifest.name; });
}

Result<const EvalPlugin*> find_eval(std::string_view name) {
  return find(eval_plugins(), "eval", name, [](const auto& p) { return p.name; });
}

}  // namespace assay
