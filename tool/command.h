// What the subcommands share: how they register, and how they talk to a terminal.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/device.h"
#include "harness/names.h"
#include "harness/options.h"
#include "harness/progress.h"

namespace assay::tool {

/// What the chosen subcommand does; its return value is the exit code. Errors are thrown.
using Action = std::function<int()>;

// Each adds its subcommand to `app`; parsing it sets `action`. One file each.
void add_run_command(CLI::App& app, Action& action);
void add_bench_command(CLI::App& app, Action& action);
void add_list_command(CLI::App& app, Action& action);
void add_fetch_command(CLI::App& app, Action& action);
void add_tokenize_command(CLI::App& app, Action& action);
void add_logits_command(CLI::App& app, Action& action);
void add_quantize_command(CLI::App& app, Action& action);
void add_verify_command(CLI::App& app, Action& action);
void add_retain_command(CLI::App& app, Action& action);
void add_compare_command(CLI::App& app, Action& action);
void add_gate_command(CLI::App& app, Action& action);
void add_audit_command(CLI::App& app, Action& action);
void add_project_command(CLI::App& app, Action& action);
void add_score_command(CLI::App& app, Action& action);
void add_chain_command(CLI::App& app, Action& action);
void add_serve_command(CLI::App& app, Action& action);

/// The options --backend, --device, --isa, --numerics and --threads, as text until they are
/// checked.
struct BackendFlags {
  std::string backend = default_backend();
  std::string device;    ///< empty: the backend's default
  std::string isa;       ///< empty: that of --backend, or the best
  std::string numerics;  ///< empty: the backend's default
  int threads = 0;

  void add_to(CLI::App& command);
  BackendSpec spec() const;
  Numerics policy() const;
};

/// The spec of --backend, with --device N as its option `device`.
BackendSpec backend_spec(const std::string& backend, const std::string& device);

/// --model and --mirror.
struct ModelFlags {
  std::string model;
  std::string mirror;

  void add_to(CLI::App& command);
};

/// "0,1024" -> numbers of at least `smallest`; Error{usage} names the option.
std::vector<std::int64_t> parse_numbers(const std::string& option, const std::string& text,
                                        std::int64_t smallest);

/// Progress and notes on stderr: a bar that is redrawn on a terminal, else a plain line every ten
/// seconds or tenth of the work. Ends its bar on destruction.
class TerminalListener {
 public:
  TerminalListener();
  ~TerminalListener();
  /// Valid while this lives. Cancelled: SIGINT or SIGTERM came (install_signal_handlers).
  Listener listener();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

void install_signal_handlers();

/// Columns of the terminal that stdout is; 100 where it is none.
std::size_t output_columns();

/// Writes the whole text or throws Error{environment}; a reader of a report never sees half a file
/// (a temporary file beside it is renamed). A symbolic link is followed; a device or pipe is
/// written to and stays what it is.
void write_file(const std::string& path, const std::string& content);
/// Throws Error{environment} where write_file would fail for anything but a full disk: called
/// before the work whose result goes there. Leaves nothing behind.
void require_writable(const std::string& path);
/// Writes to stdout and checks it (a full disk, a closed pipe).
void print(const std::string& text);

}  // namespace assay::tool
