#include "evals/common/sandbox/seccomp_filter.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

namespace assay::sandbox {
namespace {

/// By name: a name that this architecture or libseccomp does not know is a call nobody can make.
constexpr std::array refused_calls = {
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "pidfd_open", "kcmp",
    "process_madvise", "move_pages", "migrate_pages",
    // namespaces and mounts
    "unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount",
    "fsconfig", "fspick", "move_mount", "open_tree", "mount_setattr", "mknod", "mknodat",
    "open_by_handle_at", "name_to_handle_at",
    // wide doors into the kernel
    "bpf", "io_uring_setup", "io_uring_enter", "io_uring_register", "perf_event_open",
    "userfaultfd", "keyctl", "add_key", "request_key", "fanotify_init", "lookup_dcookie", "uselib",
    "personality", "modify_ldt", "vmsplice", "mbind", "set_mempolicy", "get_mempolicy", "seccomp",
    "landlock_create_ruleset", "quotactl", "acct", "syslog", "nfsservctl", "vhangup", "ustat",
    "sysfs", "_sysctl",
    // the machine
    "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot",
    "swapon", "swapoff", "iopl", "ioperm", "clock_settime", "settimeofday", "adjtimex",
    "clock_adjtime", "sethostname", "setdomainname"};

constexpr scmp_datum_t namespace_flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                         CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

/// Refuses `call` when `condition` holds for one of its arguments.
bool refuse_if(scmp_filter_ctx filter, int call, const scmp_arg_cmp& condition) {
  return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call, 1, &condition) == 0;
}

bool add_conditional_rules(scmp_filter_ctx filter) {
  bool added = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
  for (scmp_datum_t flag = 1; flag <= namespace_flags; flag <<= 1U) {
    if ((namespace_flags & flag) == 0) continue;
    added = added && refuse_if(filter, SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, flag, flag});
  }
  added = added && refuse_if(filter, SCMP_SYS(socket), {0, SCMP_CMP_NE, AF_UNIX, 0});
  // The kernel looks at 32 bits of the request only.
  for (const scmp_datum_t request : {scmp_datum_t{TIOCSTI}, scmp_datum_t{TIOCLINUX}}) {
    added =
        added && refuse_if(filter, SCMP_SYS(ioctl), {1, SCMP_CMP_MASKED_EQ, 0xFFFFFFFFU, request});
  }
  return added;
}

}  // namespace

Result<std::string> seccomp_program() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(seccomp_init(SCMP_ACT_ALLOW),
                                                                seccomp_release);
  if (filter == nullptr) return env_failure("libseccomp cannot make a filter");
  for (const char* name : refused_calls) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;
    const int status = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), number, 0);
    if (status != 0 && number >= 0) {
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
