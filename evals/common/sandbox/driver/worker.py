# Part 4: the warm worker. It sits in the sandbox with the modules imported, reads no job, and forks
# for each one:
#   worker -> keeper:  enters new pid and mount namespaces, mounts a small /tmp, waits for the tests
#   keeper -> tests:   process 1 of the new pid namespace; gives up the last capability; when it
#                      ends the kernel kills all that is left in the namespace
#   tests -> program:  the untrusted one, forked before the job is read
# Each job comes as two descriptors on a socket, the job's file and the result's pipe.
import array
import ctypes
import gc
import resource
import signal
import socket

# "-c" puts the working directory first; the program may write modules there.
sys.path[:] = [entry for entry in sys.path if entry]

# What programs and tests often import: once here, not once a job.
import bisect, collections, copy, datetime, decimal, fractions, functools  # noqa
import hashlib, heapq, itertools, math, operator, re, statistics, string, typing  # noqa

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x20000, 0x8000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 0x4000, 0x40000
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
CAPABILITY_VERSION_3 = 0x20080522
OUR_PROCESSES = 4  # bubblewrap's, the worker, the keeper, the tests

libc = ctypes.CDLL(None, use_errno=True)


class FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, name + ": " + os.strerror(error))


def enter_namespaces(limits):
    call("unshare", CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID)
    call("mount", None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)
    options = "size=%d,nr_inodes=%d,mode=700" % (limits["file_bytes"], limits["max_files"])
    call("mount", b"tmpfs", b"/tmp", b"tmpfs",
         ctypes.c_ulong(MS_NOSUID | MS_NODEV | MS_NOEXEC), options.encode())
    os.chdir("/tmp")


def give_up_capabilities():
    call("capset", struct.pack("<Ii", CAPABILITY_VERSION_3, 0), bytes(24))
    call("prctl", PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0),
         ctypes.c_ulong(0))


def install_filter(instructions):
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    program = FilterProgram(len(instructions) // 8, ctypes.addressof(buffer))
    call("prctl", PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(program),
         ctypes.c_ulong(0), ctypes.c_ulong(0))


def set_limits(limits):
    for which, value in ((resource.RLIMIT_AS, limits["memory_bytes"]),
                         (resource.RLIMIT_FSIZE, limits["file_bytes"]),
                         (resource.RLIMIT_STACK, 8 << 20), (resource.RLIMIT_NOFILE, 64),
                         (resource.RLIMIT_MEMLOCK, 0), (resource.RLIMIT_MSGQUEUE, 0),
                         (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(which, (value, value))


def be_the_program(calls, answers, limits, instructions):
    """Never returns."""
    try:
        low, high = sorted((calls, answers))
        os.closerange(3, low)
        os.closerange(low + 1, high)
        os.closerange(high + 1, 4096)
        cpu_seconds = limits["cpu_seconds"]
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        n_processes = OUR_PROCESSES + limits["max_threads"]
        resource.setrlimit(resource.RLIMIT_NPROC, (n_processes, n_processes))
        install_filter(instructions)
        serve_program(calls, answers)
    finally:
        os._exit(1)


def run_tests(job_fd, result_fd, limits, instructions):
    """The tests' process."""
    give_up_capabilities()
    os.setsid()  # a signal to the process group reaches no process of ours outside the namespace
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):  # what programs and tests read and print is no result
        os.dup2(null, fd)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    set_limits(limits)
    calls_read, calls_write = os.pipe()
    answers_read, answers_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        be_the_program(calls_read, answers_write, limits, instructions)
    os.close(calls_read)
    os.close(answers_write)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which process 1 of a namespace never gets
    install_filter(instructions)

    with open(job_fd, "rb") as job_file:
        job = json.load(job_file)
    write_line(result_fd, {"nonce": job["nonce"], "started": True})
    verdict = judge(job, calls_write, answers_read)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    _, wait_status, usage = os.wait4(pid, 0)
    add_end_of_program(verdict, wait_status, usage, limits["cpu_seconds"])
    verdict["nonce"] = job["nonce"]
    write_line(result_fd, verdict)


def write_line(fd, record):
    data = memoryview((json.dumps(record) + "\n").encode("ascii"))
    while data:
        data = data[os.write(fd, data):]


def keep_job(job_fd, result_fd, limits, instructions):
    """The keeper. Its own line, the last one, says that nothing of the job is left."""
    try:
        os.close(0)
        enter_namespaces(limits)
        pid = os.fork()
        if pid == 0:
            try:
                run_tests(job_fd, result_fd, limits, instructions)
            finally:
                os._exit(0)
        os.close(job_fd)
        _, status = os.waitpid(pid, 0)
        write_line(result_fd, {"ended": status})
    except Exception as error:
        write_line(result_fd, {"fence": describe(error)})
    finally:
        os._exit(0)


def receive_job(control):
    """-> (limits, [job, result]); no descriptors when the harness is gone."""
    fds = array.array("i")
    data, ancillary, _, _ = control.recvmsg(4096, socket.CMSG_SPACE(2 * fds.itemsize))
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(payload[:len(payload) - len(payload) % fds.itemsize])
    return (json.loads(data) if data else None), list(fds)


def main():
    with open(3, "rb") as file:
        instructions = file.read()
    control = socket.socket(fileno=0)
    gc.freeze()  # what is here is never freed: forks share its pages
    while True:
        limits, fds = receive_job(control)
        if len(fds) != 2:
            break
        pid = os.fork()
        if pid == 0:
            keep_job(*fds, limits, instructions)
        for fd in fds:
            os.close(fd)
        os.waitpid(pid, 0)


main()
