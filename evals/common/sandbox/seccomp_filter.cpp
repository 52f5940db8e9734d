#include "evals/common/sandbox/seccomp_filter.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

namespace assay::sandbox {
namespace {

/// By name: a name that this architecture or libseccomp does not know is a call nobody makes here.
constexpr std::array allowed_calls = {
    // descriptors
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2",
    "pwritev2", "close", "close_range", "lseek", "dup", "dup2", "dup3", "fcntl", "flock", "pipe",
    "pipe2", "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "timerfd_create",
    "timerfd_settime", "timerfd_gettime", "signalfd", "signalfd4", "sendfile", "copy_file_range",
    "socketpair", "sendto", "recvfrom", "sendmsg", "recvmsg", "shutdown", "getsockname",
    "getpeername", "getsockopt",
    // files
    "open", "openat", "openat2", "creat", "stat", "fstat", "lstat", "newfstatat", "statx", "statfs",
    "fstatfs", "access", "faccessat", "faccessat2", "getdents", "getdents64", "getcwd", "chdir",
    "fchdir", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2",
    "link", "linkat", "symlink", "symlinkat", "readlink", "readlinkat", "truncate", "ftruncate",
    "fallocate", "fsync", "fdatasync", "fadvise64", "utime", "utimes", "utimensat", "futimesat",
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "fchownat", "lchown", "umask",
    "getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr",
    // memory
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "msync", "mincore", "membarrier",
    // itself and its threads
    "exit", "exit_group", "getpid", "getppid", "gettid", "getpgid", "getpgrp", "getsid", "setsid",
    "setpgid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups",
    "getpriority", "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "getcpu", "getrlimit", "setrlimit",
    "getrusage", "times", "sysinfo", "uname", "capget", "set_tid_address", "set_robust_list",
    "get_robust_list", "rseq", "arch_prctl", "restart_syscall", "futex", "futex_wait", "futex_wake",
    "futex_waitv", "wait4", "waitid", "getrandom",
    // signals: there is nobody else in the pid namespace but its first process, which is immune
    "kill", "tkill", "tgkill", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending",
    "rt_sigtimedwait", "rt_sigsuspend", "sigaltstack", "pause", "alarm", "getitimer", "setitimer",
    "timer_create", "timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete",
    // reading the clock
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time"};

/// What Python asks of descriptors: terminal or not, bytes waiting, blocking, close-on-exec.
constexpr std::array<scmp_datum_t, 6> allowed_ioctls = {TCGETS,  FIONREAD, FIONBIO,
                                                        FIOCLEX, FIONCLEX, TIOCGWINSZ};

bool allow_if(scmp_filter_ctx filter, int call, const scmp_arg_cmp& condition) {
  return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &condition) == 0;
}

bool add_conditional_rules(scmp_filter_ctx filter) {
  // Threads, in the namespaces of their process.
  constexpr scmp_datum_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  bool added = allow_if(filter, SCMP_SYS(clone),
                        {0, SCMP_CMP_MASKED_EQ, namespaces | CLONE_THREAD, CLONE_THREAD});
  // Limits of its own process only.
  added = added && allow_if(filter, SCMP_SYS(prlimit64), {0, SCMP_CMP_EQ, 0, 0});
  for (const scmp_datum_t request : allowed_ioctls) {
    // The kernel looks at 32 bits of the request only.
    added =
        added && allow_if(filter, SCMP_SYS(ioctl), {1, SCMP_CMP_MASKED_EQ, 0xFFFFFFFFU, request});
  }
  return added;
}

}  // namespace

Result<std::string> seccomp_program() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(
      seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), seccomp_release);
  if (filter == nullptr) return env_failure("libseccomp cannot make a filter");
  for (const char* name : allowed_calls) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number < 0) continue;
    if (seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0) != 0) {
      return env_failure(std::string("libseccomp refuses a rule for ") + name);
    }
  }
  if (!add_conditional_rules(filter.get())) return env_failure("libseccomp refuses a rule");
  const int fd = memfd_create("assay-seccomp", MFD_CLOEXEC);
  if (fd < 0) return env_failure("cannot make a memory file");
  const bool exported = seccomp_export_bpf(filter.get(), fd) == 0;
  std::string program(static_cast<std::size_t>(lseek(fd, 0, SEEK_END)), '\0');
  const bool complete =
      pread(fd, program.data(), program.size(), 0) == static_cast<ssize_t>(program.size());
  close(fd);
  if (!exported || !complete || program.empty()) {
    return env_failure("libseccomp cannot export the filter");
  }
  return program;
}

}  // namespace assay::sandbox
