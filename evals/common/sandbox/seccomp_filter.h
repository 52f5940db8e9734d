// The system calls that a sandboxed program may make.
#pragma once

#include <string>

#include "core/error.h"

namespace assay::sandbox {

/// A BPF program in the kernel's form. What is not listed fails with ENOSYS, so calls that a later
/// kernel brings are shut too, and the C library takes its older ways. Allowed is what computing
/// and files need. Not allowed, among others: new processes (clone is for threads only, so there is
/// no fork, vfork, or clone3, whose flags lie in memory) and exec; sockets other than pairs;
/// reading or steering other processes; namespaces and mounts; System V and POSIX shared memory,
/// queues and memory files, which no limit of ours would count; keys, bpf, io_uring, perf,
/// userfaultfd; clocks. Calls of a foreign architecture kill.
Result<std::string> seccomp_program();

}  // namespace assay::sandbox
