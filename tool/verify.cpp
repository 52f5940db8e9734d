// `assay verify`: a run's recorded logits against this machine's.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "harness/verify.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

using nlohmann::json;

struct VerifyFlags {
  VerifyOptions options;
  std::string backend = default_backend();
  std::string device;
  std::int64_t limit = 0;
  std::string transfer;
  bool json = false;
};

void print_text(const json& result) {
  fmt::print("{} of {} positions have the recorded bits\n",
             result.at("positions_bit_equal").get<std::int64_t>(),
             result.at("positions").get<std::int64_t>());
  const json& coverage = result.at("coverage");
  fmt::print("replayed   {} of {} samples, contexts of up to {} tokens, batches of {}\n",
             coverage.at("samples").get<std::int64_t>(),
             coverage.at("samples_recorded").get<std::int64_t>(),
             coverage.at("longest_context").get<std::int64_t>(),
             coverage.at("batch").get<std::int64_t>());
  if (const json& first = result.at("first_divergence"); !first.is_null()) {
    fmt::print("differs    first at generated token {} of {} ({}), top-2 margin {:.3g}{}\n",
               first.at("position").get<std::int64_t>(), first.at("problem").get<std::string>(),
               first.at("mode").get<std::string>(), first.at("top2_margin").get<double>(),
               first.at("activation").is_null()
                   ? std::string()
                   : ", in " + first.at("activation").get<std::string>());
    fmt::print("top-1      the recorded token is the likeliest in {:.2f} %\n",
               100 * result.at("top1_agreement").get<double>());
  }
  if (result.at("kl_mean").is_number() && !result.at("bit_equal").get<bool>()) {
    fmt::print("KL         {:.3g} nats a token\n", result.at("kl_mean").get<double>());
  }
  if (result.at("transfers").get<bool>()) {
    fmt::print("The run's scores transfer to this device.\n");
  } else {
    fmt::print("The run's scores do not transfer: {}.\n", result.at("why").get<std::string>());
  }
}

int verify(VerifyFlags flags) {
  flags.options.backend = backend_spec(flags.backend, flags.device);
  if (flags.limit > 0) flags.options.limit = flags.limit;
  if (!flags.transfer.empty()) require_writable(flags.transfer);
  json result;
  {
    TerminalListener terminal;
    result = verify_run(flags.options, terminal.listener());
  }
  if (!flags.transfer.empty()) write_file(flags.transfer, result.dump(2) + "\n");
  if (flags.json) {
    fmt::print("{}\n", result.dump());
  } else {
    print_text(result);
  }
  return result.at("bit_equal").get<bool>() ? 0 : 1;
}

}  // namespace

void add_verify_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* command = app.add_subcommand("verify", "Does a run's score hold on this backend?");
  command->add_option("--run", flags->options.run_dir, "Folder of a run: its journal.jsonl")
      ->required();
  command
      ->add_option("--backend", flags->backend,
                   "Backend, with options: cpu, reference, cpu:isa=avx2")
      ->capture_default_str();
  command->add_option("--device", flags->device, "Which GPU, counted from 0: cuda:device=N");
  command
      ->add_option("--threads", flags->options.threads,
                   "Threads of the backend (0: the physical cores)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--model", flags->options.model,
                      "The run's model file, where its name is not known here");
  command
      ->add_option("--mirror", flags->options.mirror,
                   "pypi: fetch from the mirror instead of the origin")
      ->check(CLI::IsMember({"pypi"}));
  command->add_option("--limit", flags->limit, "Samples to replay, the longest first (0: all)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--transfer", flags->transfer, "Write the proof, a JSON file");
  command->add_flag("--json", flags->json, "The result as JSON on stdout");
  command->footer(
      "Examples:\n"
      "  assay verify --run runs/fast-machine --backend cpu --transfer proof.json\n"
      "  assay verify --run runs/a --backend cpu:isa=avx2 --limit 2\n"
      "Replays the recorded tokens and compares the bits of all logits: exit 0 when they are "
      "equal,\n"
      "1 when not. Under exact, equal bits mean that the run's scores are this device's, too.");
  command->callback([flags, &action] { action = [flags] { return verify(*flags); }; });
}

}  // namespace assay::tool
