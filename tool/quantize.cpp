// `assay quantize`: a float checkpoint to a GGUF file of a smaller type.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "harness/engine.h"
#include "harness/quantize/quantize.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

struct QuantizeFlags {
  ModelFlags model;
  std::vector<std::string> files;  ///< IN OUT, in place of --model and --out
  std::string type;
  std::string out;
  int threads = 0;
  bool overwrite = false;
  bool json = false;
};

double bits_per_weight(const QuantizeSummary& summary) {
  return 8 * static_cast<double>(summary.bytes_out) / static_cast<double>(summary.parameters);
}

void print_json(const QuantizeFlags& flags, const QuantizeSummary& summary) {
  const nlohmann::json out = {{"file", flags.out},
                              {"type", flags.type},
                              {"bytes_in", summary.bytes_in},
                              {"bytes_out", summary.bytes_out},
                              {"parameters", summary.parameters},
                              {"bits_per_weight", bits_per_weight(summary)},
                              {"tensors", summary.tensors_by_type},
                              {"relative_rms_error", summary.relative_error}};
  print(out.dump() + "\n");
}

void print_text(const QuantizeFlags& flags, const QuantizeSummary& summary) {
  std::string types;
  for (const auto& [type, count] : summary.tensors_by_type) {
    types += fmt::format("{}{} {}", types.empty() ? "" : ", ", count, type);
  }
  print(
      fmt::format("{}: {:.1f} MB from {:.1f} MB, {:.2f} bits a weight\n"
                  "tensors            {}\n"
                  "rms error          {:.2f} % of the weights' rms\n",
                  flags.out, static_cast<double>(summary.bytes_out) / 1e6,
                  static_cast<double>(summary.bytes_in) / 1e6, bits_per_weight(summary), types,
                  100 * summary.relative_error));
}

/// IN OUT fill --model and --out in this order; each must be given once.
void take_files(QuantizeFlags* flags) {
  std::size_t next = 0;
  const std::pair<const char*, std::string*> options[] = {{"--model", &flags->model.model},
                                                          {"--out", &flags->out}};
  for (const auto& [option, value] : options) {
    if (!value->empty()) continue;
    if (next == flags->files.size()) {
      throw Error(ErrorKind::usage, std::string(option) + " is required",
                  "write assay quantize IN OUT --type T, or --model IN --out OUT");
    }
    *value = flags->files[next++];
  }
  if (next == flags->files.size()) return;
  throw Error(ErrorKind::usage,
              fmt::format("'{}' is one file too many: --model and --out name them",
                          name_for_message(flags->files[next])),
              "write assay quantize IN OUT --type T, or --model IN --out OUT");
}

int quantize(QuantizeFlags flags) {
  take_files(&flags);
  QuantizeOptions options{.mixture = value_or_throw(find_mixture(flags.type)),
                          .threads = flags.threads,
                          .overwrite = flags.overwrite};
  QuantizeSummary summary;
  {
    TerminalListener terminal;
    const LoadedModel model =
        open_model(flags.model.model, flags.model.mirror, false, terminal.listener());
    if (model.file->vocabulary_only) {
      throw Error(ErrorKind::usage, model.file->path + " holds a vocabulary and no weights",
                  "give a whole checkpoint");
    }
    summary = quantize_model(*model.file, flags.out, options, terminal.listener());
  }
  flags.json ? print_json(flags, summary) : print_text(flags, summary);
  return 0;
}

}  // namespace

void add_quantize_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<QuantizeFlags>();
  CLI::App* command =
      app.add_subcommand("quantize", "A float checkpoint to a GGUF file of a smaller type");
  command->add_option("files", flags->files, "IN OUT: the same as --model IN --out OUT")
      ->expected(0, 2);
  flags->model.add_to(*command);
  command->get_option("--model")->required(false);
  std::string types;
  for (const Mixture& mixture : mixtures()) {
    types += fmt::format("  {:<8} {}\n", mixture.name, mixture.summary);
  }
  command->add_option("--type", flags->type, "The file's type, see below")->required();
  command->add_option("--out", flags->out, "GGUF file to write");
  command->add_option("--threads", flags->threads, "Threads (0: the physical cores)");
  command->add_flag("--overwrite", flags->overwrite, "Replace an existing file");
  command->add_flag("--json", flags->json, "The summary as JSON on stdout");
  command->footer("Types:\n" + types +
                  "\nRows that are no whole number of a K type's 256 elements take 32-element "
                  "blocks.\n\nExamples:\n"
                  "  assay quantize --model DeepSeek-R1-Distill-Qwen-1.5B --type Q4_K_M --out "
                  "r1-q4_k_m.gguf\n"
                  "  assay quantize model-f16.gguf model-q8_0.gguf --type Q8_0");
  command->callback([flags, &action] { action = [flags] { return quantize(*flags); }; });
}

}  // namespace assay::tool
