// `assay logits`: the logits of given tokens, as a NumPy file.
#include <fmt/core.h>

#include <bit>
#include <cstring>

#include "core/error.h"
#include "harness/engine.h"
#include "model/transformer/session.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

struct LogitsFlags {
  ModelFlags model;
  BackendFlags backend;
  std::string tokens;
  std::string out;
  std::string kv;  ///< empty: as a run of this model has it
};

/// A two-dimensional little-endian float32 array in NumPy's format 1.0.
std::string npy_bytes(const std::vector<float>& values, std::size_t rows, std::size_t cols) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kPreamble = 10;  // magic, version, header length
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, cols);
  header.append(kAlignment - (kPreamble + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(header.size() & 0xFF);
  out += static_cast<char>(header.size() >> 8);
  out += header;
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return out;
}

int logits(const LogitsFlags& flags) {
  require_writable(flags.out);
  TerminalListener terminal;
  const BackendSpec spec = flags.backend.spec();
  const Numerics policy = flags.backend.policy();
  const std::vector<std::int64_t> numbers = parse_numbers("--tokens", flags.tokens, 0);
  const LoadedModel model =
      open_model(flags.model.model, flags.model.mirror, false, terminal.listener());
  std::vector<TokenId> tokens;
  for (const std::int64_t number : numbers) {
    if (number >= model.file->config.vocab) {
      throw Error(ErrorKind::usage, fmt::format("--tokens: {} is beyond the vocabulary of {}",
                                                number, model.file->config.vocab));
    }
    tokens.push_back(static_cast<TokenId>(number));
  }
  SessionOptions options;
  options.max_context = std::ssize(tokens);
  options.kv_type = flags.kv.empty()    ? default_kv_type(*model.file)
                    : flags.kv == "f32" ? KvType::f32
                                        : KvType::f16;
  const std::unique_ptr<Session> session = value_or_throw(make_session(
      model.file, open_device(spec, policy, flags.backend.threads, *model.file), options));
  const auto vocab = static_cast<std::size_t>(model.file->config.vocab);
  std::vector<float> values(tokens.size() * vocab);
  session->prefill(session->open(), tokens, true, values);
  write_file(flags.out, npy_bytes(values, tokens.size(), vocab));
  fmt::print(stderr, "wrote {} logits of {} tokens to {} ({}, {}, KV in {})\n", vocab,
             tokens.size(), flags.out, session->device_info().backend, session->device_info().isa,
             options.kv_type == KvType::f32 ? "f32" : "f16");
  return 0;
}

}  // namespace

void add_logits_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<LogitsFlags>();
  CLI::App* command = app.add_subcommand("logits", "Logits of given tokens as a NumPy file");
  flags->model.add_to(*command);
  flags->backend.add_to(*command);
  command->add_option("--tokens", flags->tokens, "Token ids: 1,2,3")->required();
  command->add_option("--out", flags->out, "File to write: float32 [n_tokens, vocab]")->required();
  command
      ->add_option("--kv", flags->kv,
                   "Type of the KV cache: f16 or f32 (default: as in a run, f32 for a model whose "
                   "weights are all F32, else f16)")
      ->check(CLI::IsMember({"f16", "f32"}));
  command->footer(
      "Example:\n  assay logits --model smollm2-135m --backend reference --tokens 1,2,3 --out "
      "logits.npy");
  command->callback([flags, &action] { action = [flags] { return logits(*flags); }; });
}

}  // namespace assay::tool
