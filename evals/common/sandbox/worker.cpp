#include "evals/common/sandbox/worker.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/clock.h"

namespace assay::sandbox {
namespace {

/// The outputs of the largest HumanEval+ problem are far below; the tests' process is trusted.
constexpr std::size_t max_result_bytes = std::size_t{256} << 20;
constexpr std::size_t max_error_bytes = std::size_t{64} << 10;

/// A file in memory that holds `bytes`, read from its start.
Result<Fd> memory_file(std::string_view bytes) {
  Fd file(memfd_create("assay", MFD_CLOEXEC));
  while (file.valid() && !bytes.empty()) {
    const ssize_t n = write(file.get(), bytes.data(), bytes.size());
    if (n <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (!file.valid() || !bytes.empty() || lseek(file.get(), 0, SEEK_SET) != 0) {
    return env_failure(std::string("cannot make a memory file: ") + std::strerror(errno));
  }
  return file;
}

/// One message with two descriptors; false if the other end is gone.
bool send_job(int control, const std::string& limits, std::array<int, 2> fds) {
  iovec data = {const_cast<char*>(limits.data()), limits.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> space{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fds);
  std::memcpy(CMSG_DATA(header), fds.data(), sizeof fds);
  ssize_t sent = -1;
  do {
    sent = sendmsg(control, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(limits.size());
}

/// Reads to the end of the stream; false if that did not come in time.
bool read_until(double deadline, int fd, std::string& out, std::size_t cap) {
  while (true) {
    const double left = deadline - now_seconds();
    if (left <= 0) return false;
    pollfd polled = {fd, POLLIN, 0};
    const int ready = poll(&polled, 1, static_cast<int>(std::min(left * 1000 + 1, 1e6)));
    if (ready > 0 && !drain(fd, out, cap)) return true;
  }
}

}  // namespace

Result<Worker> Worker::start(const WorkerSpec& spec) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return env_failure(std::string("cannot make a socket: ") + std::strerror(errno));
  }
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  Result<Pipe> errors = make_pipe();
  if (!errors) return tl::unexpected(errors.error());
  const Result<Fd> filter = memory_file(spec.seccomp_program);
  if (!filter) return tl::unexpected(filter.error());
  ProcessSpec process;
  process.argv = spec.argv;
  process.stdin_fd = theirs.get();
  process.stdout_fd = errors->write.get();
  process.stderr_fd = errors->write.get();
  process.extra_fd = filter->get();
  process.run_as = spec.run_as;
  Result<SupervisedProcess> started = SupervisedProcess::start(process);
  if (!started) return tl::unexpected(started.error());
  return Worker(std::move(*started), std::move(ours), std::move(errors->read));
}

Result<JobOutput> Worker::run(const std::string& limits, const std::string& job,
                              double wall_seconds) {
  ASSAY_ASSERT(usable_);
  const Result<Fd> file = memory_file(job);
  if (!file) return tl::unexpected(file.error());
  Result<Pipe> result = make_pipe();
  if (!result) return tl::unexpected(result.error());
  JobOutput output;
  const bool sent = send_job(control_.get(), limits, {file->get(), result->write.get()});
  result->write.reset();
  // The stream ends when the keeper and the tests' process are gone, or the worker and the message
  // with them.
  const double deadline = now_seconds() + wall_seconds;
  output.timed_out =
      sent && !read_until(deadline, result->read.get(), output.out, max_result_bytes);
  output.worker_lost = !sent || (!output.timed_out && output.out.empty());
  if (!output.timed_out && !output.worker_lost) return output;
  Result<std::string> said = end();
  if (!said) return tl::unexpected(said.error());
  output.why = std::move(*said);
  return output;
}

Result<std::string> Worker::end() {
  usable_ = false;
  const Result<int> code = process_.kill();
  if (!code) return tl::unexpected(code.error());
  std::string text;
  read_until(now_seconds() + 1, errors_.get(), text, max_error_bytes);
  return text;
}

}  // namespace assay::sandbox
