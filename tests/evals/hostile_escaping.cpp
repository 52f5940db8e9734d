#include "tests/evals/hostile_programs.h"

namespace assay::testing {
namespace {

/// hole(name, call): notes the name if the call succeeds. opens(path): likewise.
std::string probing(const std::string& body) {
  return R"(
import ctypes, os, platform, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
holes = []

def hole(name, call, *arguments, **named):
    try:
        result = call(*arguments, **named)
    except (OSError, ValueError, AttributeError):
        return
    if result != -1:
        holes.append(name)

def syscall(name, x86_64, aarch64, *arguments):
    # Must fail with EPERM (1) or ENOSYS (38), before the kernel looks at the arguments.
    ctypes.set_errno(0)
    number = {'x86_64': x86_64, 'aarch64': aarch64}[platform.machine()]
    arguments = [ctypes.c_long(a) for a in arguments] + [0] * (5 - len(arguments))
    if libc.syscall(number, *arguments) != -1 or ctypes.get_errno() not in (1, 38):
        holes.append((name, ctypes.get_errno()))

def f(n):
)" + body +
         "    return holes or 2 * n\n";
}

}  // namespace

using enum sandbox::RunStatus;

const std::vector<HostileProgram> attacks_on_processes = {
    {"double fork and setsid",
     R"(
import os, time
def f(n):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(0)
    return 2 * n
)",
     {failed}},
    {"killing the parent",
     probing(R"(
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGINT, signal.SIGSEGV):
        os.kill(os.getppid(), number)
        os.kill(1, number)
)"),
     {passed}},
    {"killing everybody",
     "import os\ndef f(n):\n    os.kill(-1, 9)\n    return 2 * n\n",
     {failed, passed, crashed}},
    {"killing the process group",
     "import os\ndef f(n):\n    os.kill(0, 9)\n    return 2 * n\n",
     {crashed},
     "SIGKILL"},
    {"killing itself", "import os\ndef f(n):\n    os.kill(os.getpid(), 9)\n", {crashed}, "SIGKILL"},
    {"ptrace and its kin",
     probing(R"(
    syscall('ptrace', 101, 117, 16, os.getppid())
    syscall('process_vm_readv', 310, 270, os.getppid())
    syscall('process_vm_writev', 311, 271, os.getppid())
    syscall('pidfd_open', 434, 434, os.getppid())
    syscall('pidfd_getfd', 438, 438)
    syscall('kcmp', 312, 272)
    syscall('process_madvise', 440, 440)
    syscall('process_mrelease', 448, 448)
)"),
     {passed}},
    {"limits of the parent",
     probing(R"(
    import resource
    hole('prlimit', resource.prlimit, os.getppid(), resource.RLIMIT_CPU, (0, 0))
    hole('prlimit 1', resource.prlimit, 1, resource.RLIMIT_NOFILE, (0, 0))
)"),
     {passed}},
    {"raising its own limits",
     probing(R"(
    import resource
    for name in ('AS', 'CPU', 'FSIZE', 'NPROC', 'NOFILE', 'STACK', 'CORE'):
        which = getattr(resource, 'RLIMIT_' + name)
        hole(name, resource.setrlimit, which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        soft, hard = resource.getrlimit(which)
        hole(name, resource.setrlimit, which, (soft, hard + 1))
)"),
     {passed}},
    {"other programs",
     probing(R"(
    import subprocess
    for command in (['/bin/sh', '-c', 'true'], ['id'], [sys.executable or 'python3', '-V']):
        hole(command[0], subprocess.run, command)
    hole('execv', os.execv, '/proc/self/exe', ['x'])
    if os.system('true') == 0:
        holes.append('system')
    syscall('execve', 59, 221)
    syscall('execveat', 322, 281)
)"),
     {passed}},
};

const std::vector<HostileProgram> attacks_on_the_kernel = {
    {"wide doors of the kernel",
     probing(R"(
    syscall('io_uring_setup', 425, 425, 8)
    syscall('io_uring_enter', 426, 426)
    syscall('keyctl', 250, 219)
    syscall('add_key', 248, 217)
    syscall('bpf', 321, 280)
    syscall('perf_event_open', 298, 241)
    syscall('userfaultfd', 323, 282)
    syscall('seccomp', 317, 277)
    syscall('prctl', 157, 167, 22)
    syscall('fanotify_init', 300, 262)
    syscall('landlock_create_ruleset', 444, 444)
    syscall('init_module', 175, 105)
    syscall('kexec_load', 246, 104)
    syscall('reboot', 169, 142)
    syscall('a call of tomorrow', 600, 600)
)"),
     {passed}},
    {"nested namespaces",
     probing(R"(
    for flag in (0x10000000, 0x20000000, 0x20000, 0x40000000, 0x8000000, 0x4000000, 0x2000000):
        syscall('unshare %x' % flag, 272, 97, flag)
        syscall('clone %x' % flag, 56, 220, flag | 17)
        syscall('clone thread %x' % flag, 56, 220, flag | 0x10d00)
    syscall('setns', 308, 268)
    syscall('clone3', 435, 435)
)"),
     {passed}},
    {"mounts",
     probing(R"(
    syscall('mount', 165, 40)
    syscall('umount2', 166, 39)
    syscall('pivot_root', 155, 41)
    syscall('chroot', 161, 51)
    syscall('fsopen', 430, 430)
    syscall('open_tree', 428, 428)
    syscall('move_mount', 429, 429)
    syscall('mount_setattr', 442, 442)
    hole('chroot', os.chroot, '/tmp')
)"),
     {passed}},
    {"clocks and names",
     probing(R"(
    import time
    hole('clock', time.clock_settime, time.CLOCK_REALTIME, 0)
    hole('hostname', socket.sethostname, 'x')
    syscall('settimeofday', 164, 170)
    syscall('adjtimex', 159, 171)
    syscall('personality', 135, 92)
)"),
     {passed}},
    {"regaining power",
     probing(R"(
    for call in (os.setuid, os.setgid, os.seteuid):
        hole(call.__name__, call, 0)
    hole('setgroups', os.setgroups, [0])
    syscall('capset', 126, 91)
    if os.getuid() == 0 or os.geteuid() == 0:
        holes.append('root')
)"),
     {passed}},
    {"network",
     probing(R"(
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK,
                   socket.AF_PACKET, socket.AF_ALG, socket.AF_VSOCK):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            hole('socket %d %d' % (family, kind), socket.socket, family, kind)
    hole('resolver', socket.getaddrinfo, 'localhost', 80)
)"),
     {passed}},
    {"the terminal",
     probing(R"(
    import fcntl
    for fd in (0, 1, 2):
        hole('TIOCSTI', fcntl.ioctl, fd, 0x5412, b'x')
        hole('TIOCLINUX', fcntl.ioctl, fd, 0x541C, b'x')
    hole('tty', os.open, '/dev/tty', os.O_RDWR)
)"),
     {passed}},
    {"calls of a foreign architecture",
     R"(
import ctypes, mmap, platform
def f(n):
    if platform.machine() != 'x86_64':
        raise SystemExit('x86 only')
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(b'\xb8\x14\x00\x00\x00\xcd\x80\xc3')  # mov eax, 20 (getpid); int 0x80; ret
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)()
)",
     {crashed, failed}},
};

const std::vector<HostileProgram> attacks_on_the_host = {
    {"the host's files",
     probing(R"(
    for path in ('/etc', '/etc/shadow', '/etc/passwd', '/root', '/home', '/work', '/var', '/run',
                 '/sys', '/opt', '/mnt', '/usr/bin/env', '/bin', '/dev/mem', '/dev/kmsg',
                 '/dev/shm', '/dev/pts', os.path.expanduser('~/.ssh')):
        if os.path.exists(path):
            holes.append(path)
)"),
     {passed}},
    {"/proc",
     probing(R"(
    for path in ('/proc', '/proc/self/environ', '/proc/1/environ', '/proc/1/mem', '/proc/self/mem',
                 '/proc/self/fd', '/proc/sysrq-trigger', '/proc/%d/root' % os.getppid()):
        if os.path.lexists(path):
            holes.append(path)
)"),
     {passed}},
    {"the environment",
     probing(R"(
    holes.extend(name for name in os.environ
                 if name not in ('LANG', 'PYTHONHASHSEED', 'PWD', 'LC_CTYPE'))
    libc.getenv.restype = ctypes.c_char_p
    if libc.getenv(b'HF_TOKEN') is not None:
        holes.append('HF_TOKEN')
    if b'assay-test-token' in (ctypes.string_at(ctypes.c_char_p.in_dll(libc, 'environ'), 8) or b''):
        holes.append('environ')
)"),
     {passed}},
    {"inherited descriptors",
     probing(R"(
    import stat
    for fd in range(4096):
        try:
            mode = os.fstat(fd).st_mode
        except OSError:
            continue
        if fd < 3 and not stat.S_ISCHR(mode):
            holes.append('%d is no /dev/null' % fd)
        if fd >= 3 and not stat.S_ISFIFO(mode):
            holes.append('%d is no pipe' % fd)
)"),
     {passed}},
    {"writing outside /tmp",
     probing(R"(
    for folder in ('/', '/usr', '/usr/lib', '/dev', '/lib', os.path.dirname(os.__file__)):
        hole(folder, os.open, folder + '/x', os.O_CREAT | os.O_WRONLY)
        hole(folder, os.mkdir, folder + '/y')
    hole('the library', os.open, os.__file__, os.O_WRONLY)
    hole('unlink', os.unlink, os.__file__)
    hole('chmod', os.chmod, os.__file__, 0o777)
)"),
     {passed}},
    {"links out of /tmp",
     probing(R"(
    for target, name in (('/etc/shadow', '/tmp/shadow'), ('/proc/1/root', '/tmp/root'),
                         ('../../../../../../etc', '/tmp/up')):
        if not os.path.lexists(name):
            os.symlink(target, name)
    for path in ('/tmp/shadow', '/tmp/root/etc/shadow', '/tmp/up/shadow', '/tmp/../etc/shadow'):
        hole(path, os.open, path, os.O_RDONLY)
    hole('hard link', os.link, os.__file__, '/tmp/library')
    hole('device', os.mknod, '/tmp/mem', 0o20666, os.makedev(1, 1))
    hole('handle', libc.open_by_handle_at, 0, 0, 0)
)"),
     {passed}},
    {"what an earlier program left",
     R"(
import glob, os
def f(n):
    found = glob.glob('/tmp/*')
    if found:
        return found
    return 2 * n
open('/tmp/../tmp/.mark', 'w').close()
)",
     {passed}},
};

}  // namespace assay::testing
