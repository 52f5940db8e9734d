#include "tests/evals/hostile_programs.h"

namespace assay::testing {

using enum sandbox::RunStatus;

const std::vector<HostileProgram> cheating_programs = {
    {"_exit(0) at load", "import os\nos._exit(0)\n", {crashed}},
    {"_exit(0) in the call", "import os\ndef f(n):\n    os._exit(0)\n", {crashed}},
    {"SystemExit at load", "raise SystemExit(0)\n", {failed}, "SystemExit"},
    {"SystemExit in the call", "import sys\ndef f(n):\n    sys.exit(0)\n", {failed}},
    {"KeyboardInterrupt", "def f(n):\n    raise KeyboardInterrupt\n", {failed}},
    {"GeneratorExit", "def f(n):\n    raise GeneratorExit\n", {failed}},
    {"atexit",
     "import atexit, os, sys\natexit.register(lambda: os.write(1, b'passed'))\nsys.exit(0)\n",
     {failed}},
    {"abort", "import os\ndef f(n):\n    os.abort()\n", {crashed}, "SIGABRT"},
    {"a wild pointer", "import ctypes\ndef f(n):\n    ctypes.string_at(0)\n", {crashed}, "SIGSEGV"},
    {"forged result lines",
     R"(
import json, os
line = json.dumps({'nonce': '', 'started': True, 'state': 'ready', 'status': 'passed', 'why': ''})
def f(n):
    for fd in range(64):
        try:
            os.write(fd, (line + '\n').encode())
        except OSError:
            pass
    return 0
)",
     {crashed, failed}},
    {"forged frames",
     R"(
import json, os, struct
def frame(value):
    data = json.dumps(value).encode()
    return struct.pack('<Q', len(data)) + data
def f(n):
    for fd in range(3, 64):
        for value in (['passed', ''], [['value', 2 * n], None], {'status': 'passed'}):
            try:
                os.write(fd, frame(value))
            except OSError:
                pass
    return 0
)",
     {failed, crashed}},
    {"rubbish in the pipe",
     R"(
import os
def f(n):
    for fd in range(3, 64):
        try:
            os.write(fd, bytes(range(256)) * 10)
        except OSError:
            pass
    return 2 * n
)",
     {crashed}},
    {"a frame of 2^63 bytes",
     R"(
import os, struct
def f(n):
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack('<Q', 1 << 63))
        except OSError:
            pass
    return 2 * n
)",
     {crashed}},
    {"no descriptors",
     "import os\ndef f(n):\n    os.closerange(0, 64)\n    return 2 * n\n",
     {crashed}},
    {"an object that equals everything",
     "class Yes:\n    def __eq__(self, other):\n        return True\n"
     "def f(n):\n    return Yes()\n",
     {failed}},
    {"a number that equals everything",
     "class Yes(int):\n    def __eq__(self, other):\n        return True\n"
     "    def __int__(self):\n        return 0\n"
     "def f(n):\n    return Yes(0)\n",
     {failed}},
    {"a lying class name",
     "class Fraction:\n    numerator, denominator = 1, 0\ndef f(n):\n    return Fraction()\n",
     {failed, crashed}},
    {"an object that pickles as a call",
     "import os\nclass Call:\n    def __reduce__(self):\n        return os._exit, (0,)\n"
     "def f(n):\n    return Call()\n",
     {failed}},
    {"patched builtins",
     R"(
import builtins, json, os, sys
builtins.AssertionError = StopIteration
builtins.compile = builtins.exec = lambda *a, **k: None
builtins.isinstance = lambda *a: True
json.loads = lambda *a, **k: 'passed'
sys.modules['random'] = None
def f(n):
    return 0
)",
     {failed, crashed}},
    {"a patched driver",
     R"(
import sys
main = sys.modules['__main__']
main.run_check = lambda *a: ('passed', '')
main.judge = lambda *a: {'state': 'ready', 'status': 'passed', 'why': ''}
main.pack = lambda value: {'status': 'passed'}
def f(n):
    return 0
)",
     {failed, crashed}},
    {"tests in frames and on the heap",
     R"(
import gc, sys
def f(n):
    seen, frame = [], sys._getframe()
    while frame:
        seen.append(repr(frame.f_globals) + repr(frame.f_locals))
        frame = frame.f_back
    seen.extend(repr(o)[:5000] for o in gc.get_objects() if isinstance(o, (dict, list, tuple)))
    for text in seen:
        if 'n * 2 == tog tressa' in text[::-1] or "' :'ecnon'" in text[::-1]:
            return 'saw the tests'
    return 2 * n
)",
     {passed, timeout}},
    {"tests in the memory of the process",
     R"(
import ctypes
def f(n):
    base = id(b'x' * 100) & ~0xfff
    for page in range(-64, 64):
        try:
            if b'n * 2 == tog tressa' in ctypes.string_at(base + page * 4096, 4096)[::-1]:
                return 'saw the tests'
        except Exception:
            pass
    return 2 * n
)",
     {passed, crashed}},
    {"memory writes",
     R"(
import ctypes
def f(n):
    for value in (True, False, 0, 1, None):
        ctypes.memset(id(value) + 8, 0xff, 16)
    return True
)",
     {crashed, failed}},
    {"trace functions",
     R"(
import sys, threading
def trace(frame, event, argument):
    for name in list(frame.f_locals):
        if name == 'answer':
            frame.f_locals[name] = ['value', True]
    return trace
sys.settrace(trace)
sys.setprofile(trace)
threading.settrace(trace)
def f(n):
    return 0
)",
     {failed, crashed}},
    {"import hooks",
     R"(
import sys
class Hook:
    def find_spec(self, name, path=None, target=None):
        raise SystemExit(0)
sys.meta_path.insert(0, Hook())
sys.path.insert(0, '/tmp')
for name in ('random', 'fractions', 'decimal', 'math', 'copy'):
    with open('/tmp/%s.py' % name, 'w') as file:
        file.write('import os\nos._exit(0)\n')
def f(n):
    return 0
)",
     {failed}},
    {"signal handlers",
     R"(
import signal
for number in range(1, 32):
    try:
        signal.signal(number, lambda *a: None)
    except (OSError, ValueError):
        pass
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
def f(n):
    return 0
)",
     {failed, crashed}},
    {"a thread that outlives the call",
     R"(
import threading
def spin():
    while True:
        pass
def f(n):
    if threading.active_count() == 1:
        threading.Thread(target=spin).start()
    return 2 * n
)",
     {passed, timeout}},
    {"reading standard input", "def f(n):\n    return 2 * int(input())\n", {failed}, "EOF"},
    {"an exception that will not be named",
     R"(
class Mute(Exception):
    def __str__(self):
        raise SystemExit(0)
def f(n):
    raise Mute
)",
     {crashed, failed}},
    {"an exception with a long and dirty name",
     "def f(n):\n    raise ValueError('\\x1b[2J\\ud800\\n' * 10000)\n",
     {failed}},
    {"random numbers foreseen",
     "import random\nrandom.seed(0)\nguess = 2 * random.randrange(10 ** 12)\n"
     "def f(n):\n    return guess\n",
     {failed}},
    {"changed arguments", "def f(n):\n    n = 0\n    return n\n", {failed}},
    {"no program", "", {failed}, "does not define f"},
    {"a name that is no function", "f = 5\n", {failed}, "does not define f"},
    {"no Python", "\x7f\x45LF\x01\x02\xff\xfe", {failed}},
    {"a null byte", std::string("x = '") + '\0' + "'\n", {failed}},
    {"brackets without end", std::string(1 << 20, '('), {failed, crashed}},
    {"a program of 20 MB",
     "x = '" + std::string(20 << 20, 'y') + "'\ndef f(n):\n    return 0\n",
     {failed}},
};

}  // namespace assay::testing
