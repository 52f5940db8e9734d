#include "tests/evals/hostile_programs.h"

namespace assay::testing {

using enum sandbox::RunStatus;

const std::vector<HostileProgram> exhausting_programs = {
    {"10 GB at once", "def f(n):\n    return len(bytearray(10 << 30))\n", {failed}, "MemoryError"},
    {"memory bit by bit",
     R"(
def f(n):
    hoard = []
    while True:
        hoard.append(bytes(1 << 20))
)",
     {failed},
     "MemoryError"},
    {"memory by mapping",
     R"(
import mmap
def f(n):
    maps = []
    while True:
        maps.append(mmap.mmap(-1, 64 << 20))
)",
     {failed},
     "Cannot allocate memory"},
    {"memory that no address space limit counts",
     R"(
import ctypes, os
def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    holes = []
    if libc.shmget(0, 100 << 20, 0o1600) != -1:
        holes.append('shmget')
    if libc.msgget(0, 0o1600) != -1:
        holes.append('msgget')
    if libc.semget(0, 1, 0o1600) != -1:
        holes.append('semget')
    try:
        os.memfd_create('x')
        holes.append('memfd')
    except OSError:
        pass
    return holes or 2 * n
)",
     {passed}},
    {"a string without measure", "def f(n):\n    return 'x' * (1 << 60)\n", {failed}},
    {"an answer of 100 MB",
     "def f(n):\n    return 'x' * (100 << 20)\n",
     {crashed, failed, timeout}},
    {"an endless answer", "def f(n):\n    return iter(int, 1)\n", {failed}, "MemoryError"},
    {"an answer 100,000 deep",
     "def f(n):\n    x = []\n    for _ in range(100000):\n        x = [x]\n    return x\n",
     {failed, crashed}},
    {"2 GB of output",
     "import os\ndef f(n):\n    for _ in range(2048):\n        os.write(1, bytes(1 << 20))\n"
     "        os.write(2, b'x')\n    return 2 * n\n",
     {passed, timeout}},
    {"output without end",
     "def f(n):\n    while True:\n        print('x' * 100000)\n",
     {timeout},
     "CPU limit"},
    {"a full /tmp",
     R"(
def f(n):
    for i in range(20):
        with open('/tmp/%d' % i, 'wb') as file:
            file.write(bytes(10 << 20))
    return 'wrote 200 MB'
)",
     {failed},
     "No space left"},
    {"one large file",
     "def f(n):\n    with open('/tmp/x', 'wb') as file:\n        while True:\n"
     "            file.write(bytes(1 << 20))\n",
     {failed},
     "OSError"},
    {"a sparse file",
     "import os\ndef f(n):\n    open('/tmp/x', 'wb').close()\n    os.truncate('/tmp/x', 1 << "
     "40)\n"
     "    return 'a terabyte'\n",
     {failed},
     "File too large"},
    {"all inodes",
     "def f(n):\n    for i in range(10 ** 6):\n        open('/tmp/%d' % i, 'w').close()\n"
     "    return 'a million files'\n",
     {failed},
     "No space left"},
    {"folders in folders",
     "import os\ndef f(n):\n    while True:\n        os.mkdir('x')\n        os.chdir('x')\n",
     {failed, timeout}},
    {"all descriptors",
     "import os\ndef f(n):\n    return [os.dup(0) for _ in range(10 ** 6)]\n",
     {failed},
     "Too many open files"},
    {"full pipes",
     R"(
import os
def f(n):
    while True:
        end = os.pipe()[1]
        os.set_blocking(end, False)
        try:
            while True:
                os.write(end, bytes(1 << 16))
        except BlockingIOError:
            pass
)",
     {failed},
     "Too many open files"},
    {"fork bomb", "import os\ndef f(n):\n    while True:\n        os.fork()\n", {failed}},
    {"fork bomb at load", "import os\nwhile True:\n    os.fork()\n", {failed}},
    {"fork bomb of raw calls",
     R"(
import ctypes, platform
def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    clone, vfork = {'x86_64': (56, 58), 'aarch64': (220, 220)}[platform.machine()]
    for flags in (17, 0, 0x4000 | 17, 0x100 | 17, 0x10000000 | 17, 0x20000000 | 17):
        if libc.syscall(clone, flags, 0, 0, 0, 0) != -1:
            return 'clone %x' % flags
    return 'vfork' if libc.syscall(vfork, 17, 0, 0, 0, 0) != -1 else 2 * n
)",
     {passed}},
    {"multiprocessing",
     "import multiprocessing\ndef f(n):\n    with multiprocessing.Pool(100) as pool:\n"
     "        return pool.map(len, ['a'])\n",
     {failed}},
    {"thread bomb",
     R"(
import threading, time
def f(n):
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
)",
     {failed},
     "thread"},
    {"deep recursion",
     "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(n):\n    return f(n + 1)\n",
     {failed, crashed, timeout}},
    {"deep recursion in C",
     R"(
import sys
sys.setrecursionlimit(10 ** 9)
class Deep:
    def __repr__(self):
        return repr([self])
def f(n):
    return repr(Deep())
)",
     {crashed, failed, timeout}},
    {"a stack overflow in the compiler",
     "def f(n):\n    return eval('-' * 10 ** 6 + '1')\n",
     {failed, crashed}},
    {"an endless loop", "def f(n):\n    while True:\n        pass\n", {timeout}, "CPU limit"},
    {"an endless loop at load", "while True:\n    pass\n", {timeout}, "CPU limit"},
    {"a loop that ignores SIGXCPU",
     "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
     "def f(n):\n    while True:\n        pass\n",
     {timeout},
     "CPU limit"},
    {"busy threads",
     R"(
import threading
def spin():
    while True:
        pass
def f(n):
    for _ in range(4):
        threading.Thread(target=spin).start()
    spin()
)",
     {timeout},
     "CPU limit"},
    {"a regular expression that backtracks",
     "import re\ndef f(n):\n    return re.match('(a+)+$', 'a' * 64 + 'b')\n",
     {timeout},
     "CPU limit"},
    {"a giant integer", "def f(n):\n    return 9 ** 9 ** 9\n", {timeout, failed}},
    {"a giant integer's digits",
     "def f(n):\n    return str(1 << 10 ** 7)\n",
     {failed, timeout, crashed}},
};

}  // namespace assay::testing
