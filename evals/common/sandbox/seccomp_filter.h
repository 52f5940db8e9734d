// The system calls that a sandboxed program may not make.
#pragma once

#include <string>

#include "core/error.h"

namespace assay::sandbox {

/// A BPF program in the kernel's form, as bwrap --seccomp reads it. Allowed unless listed: Python
/// needs most ordinary calls. Refused with EPERM: reading or steering other processes, namespaces,
/// mounts, keys, bpf, io_uring, perf, userfaultfd, kernel modules, clocks, sockets other than
/// AF_UNIX, terminal injection. clone3 gets ENOSYS, since its flags lie in memory; the C library
/// then uses clone, whose namespace flags are checked. Calls of a foreign architecture kill.
Result<std::string> seccomp_program();

}  // namespace assay::sandbox
