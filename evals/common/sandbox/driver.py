# Runs inside the sandbox: the tests in this process, the untrusted program in a forked child.
#
# The child is forked before the job is read, so its memory never held the tests or the nonce. It
# closes the job's and the result's descriptors before it receives the program. The tests call the
# candidate through a pipe: arguments and results cross as plain data, and that is all that the
# program can do to the tests: answer them. Exiting early, forging output, walking frames, patching
# builtins or an object that equals everything reach nothing here. Only this process, after check()
# returned, writes the nonce and "passed".
import json
import os
import resource
import signal
import struct
import sys
import types

# "-c" puts the working directory first; the program may write modules there.
sys.path[:] = [entry for entry in sys.path if entry]

MAX_FRAME_BYTES = 64 << 20
MAX_ITERATOR_ITEMS = 1_000_000
MAX_WHY_CHARACTERS = 300


def set_limit(which, value, hard=None):
    resource.setrlimit(which, (value, value if hard is None else hard))


# --- frames and values ---------------------------------------------------------------------------


def read_exactly(fd, n_bytes):
    chunks = []
    while n_bytes:
        chunk = os.read(fd, min(n_bytes, 1 << 20))
        if not chunk:
            raise EOFError("the program ended")
        chunks.append(chunk)
        n_bytes -= len(chunk)
    return b"".join(chunks)


def read_frame(fd):
    (n_bytes,) = struct.unpack("<Q", read_exactly(fd, 8))
    if n_bytes > MAX_FRAME_BYTES:
        raise EOFError("the program answered with too much data")
    return json.loads(read_exactly(fd, n_bytes))


def write_frame(fd, value):
    data = json.dumps(value).encode("ascii")
    data = memoryview(struct.pack("<Q", len(data)) + data)
    while data:
        data = data[os.write(fd, data):]


def pack(value):
    """A value as JSON; types that JSON lacks are tagged. Anything else is one opaque object."""
    if value is None or isinstance(value, (bool, float)):
        return float(value) if isinstance(value, float) else value
    if isinstance(value, int):
        return int(value) if -(1 << 63) < value < 1 << 63 else {"int": hex(value)}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list):
        return [pack(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[pack(key), pack(item)] for key, item in value.items()]}
    for kind, name in ((tuple, "tuple"), (set, "set"), (frozenset, "frozenset"),
                       (type({}.keys()), "frozenset")):
        if isinstance(value, kind):
            return {name: [pack(item) for item in value]}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": list(value)}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, range):
        return {"range": [value.start, value.stop, value.step]}
    name = type(value).__name__
    if name == "Fraction":
        return {"Fraction": [hex(value.numerator), hex(value.denominator)]}
    if name == "Decimal":
        return {"Decimal": str(value)}
    if hasattr(value, "__next__"):
        items = []
        for item in value:
            items.append(pack(item))
            if len(items) > MAX_ITERATOR_ITEMS:
                raise MemoryError("an endless iterator")
        return {"iterator": items}
    return {"object": name}


class Opaque:
    """What stands for a result that cannot cross; equal to nothing."""


def unpack(data):
    if isinstance(data, list):
        return [unpack(item) for item in data]
    if not isinstance(data, dict):
        return data
    ((name, value),) = data.items()
    if name == "dict":
        return {unpack(key): unpack(item) for key, item in value}
    if name in ("tuple", "set", "frozenset", "iterator"):
        items = [unpack(item) for item in value]
        return {"tuple": tuple, "set": set, "frozenset": frozenset, "iterator": iter}[name](items)
    if name == "int":
        return int(value, 16)
    if name == "bytes":
        return bytes(value)
    if name == "complex":
        return complex(*value)
    if name == "range":
        return range(*value)
    if name == "Fraction":
        from fractions import Fraction
        return Fraction(int(value[0], 16), int(value[1], 16))
    if name == "Decimal":
        from decimal import Decimal
        return Decimal(value)
    return Opaque()


# --- the untrusted side --------------------------------------------------------------------------


def load_program(job):
    """-> (state, detail, entry point): "ready", "syntax", "load" or "missing"."""
    try:
        code = compile(job["program"], "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        return "syntax", describe(error), None
    module = types.ModuleType("program")
    sys.modules["program"] = module
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        return "load", describe(error), None
    entry_point = module.__dict__.get(job["entry_point"])
    if not callable(entry_point):
        return "missing", "does not define " + job["entry_point"], None
    return "ready", "", entry_point


def describe(error):
    try:
        text = type(error).__name__ + ": " + str(error)
    except Exception:
        text = type(error).__name__
    return text.replace("\n", " ")[:MAX_WHY_CHARACTERS]


def serve_program(calls, answers):
    """The child: loads the program, then answers calls until the pipe closes."""
    job = read_frame(calls)
    set_limit(resource.RLIMIT_CPU, job["cpu_seconds"], job["cpu_seconds"] + 1)
    set_limit(resource.RLIMIT_NPROC, job["max_processes"])
    state, detail, entry_point = load_program(job)
    write_frame(answers, [state, detail])
    while state == "ready":
        positional, named = read_frame(calls)
        positional = unpack(positional)
        try:
            answer = ["value", pack(entry_point(*positional, **unpack(named)))]
        except BaseException as error:
            answer = ["error", type(error).__name__, describe(error)]
        try:
            arguments = pack(positional)
        except BaseException:
            arguments = None
        write_frame(answers, [answer, arguments])


def start_child(result_fd):
    """-> (pid, calls, answers): the pipes to a child that has nothing else open."""
    calls_read, calls_write = os.pipe()
    answers_read, answers_write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(calls_read)
        os.close(answers_write)
        return pid, calls_write, answers_read
    try:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        for fd in (null, result_fd, calls_write, answers_read):
            os.close(fd)
        serve_program(calls_read, answers_write)
    finally:
        os._exit(1)


# --- the trusted side ----------------------------------------------------------------------------


class ProgramEnded(BaseException):
    """The child is gone: no test may catch this."""


class CannotCross(BaseException):
    """The tests pass something that is no plain data."""


def error_class(name):
    found = getattr(__builtins__, name, None)
    if isinstance(found, type) and issubclass(found, Exception):
        return found
    return Exception


def copy_back(original, changed):
    """What the program did to a list, dict or set that it was given, the tests must see."""
    if type(original) is not type(changed) or original == changed:
        return
    if isinstance(original, list):
        original[:] = changed
    elif isinstance(original, (dict, set)):
        original.clear()
        original.update(changed)


def make_candidate(calls, answers):
    def candidate(*positional, **named):
        packed = [pack(list(positional)), pack(named)]
        if '"object":' in json.dumps(packed):
            raise CannotCross("the tests pass something that is no plain data")
        try:
            write_frame(calls, packed)
            answer, arguments = read_frame(answers)
            if isinstance(arguments, list):
                for original, changed in zip(positional, unpack(arguments)):
                    copy_back(original, changed)
            if answer[0] == "value":
                return unpack(answer[1])
            name, text = str(answer[1]), str(answer[2])
        except Exception as error:  # the pipe broke, or it carried nonsense
            raise ProgramEnded(describe(error)) from None
        raise error_class(name)(text)

    return candidate


def run_tests(job, candidate):
    """-> (status, why)"""
    namespace = {"__name__": "tests"}
    try:
        exec(compile(job["prompt"], "<prompt>", "exec", dont_inherit=True), namespace)
        exec(compile(job["test"], "<test>", "exec", dont_inherit=True), namespace)
    except Exception as error:
        return "tests_broken", describe(error)
    namespace[job["entry_point"]] = candidate
    if "random" in job["test"]:
        import random
        random.seed(0)
    try:
        namespace["check"](candidate)
    except ProgramEnded as error:
        return "crashed", str(error)
    except CannotCross as error:
        return "tests_broken", str(error)
    except BaseException as error:
        return "failed", describe(error)
    return "passed", ""


def judge(job, calls, answers):
    """-> (state of the program, status, why)"""
    try:
        write_frame(calls, {key: job[key] for key in
                            ("program", "entry_point", "cpu_seconds", "max_processes")})
        state, detail = read_frame(answers)
    except Exception as error:
        return "load", "crashed", describe(error)
    if state != "ready":
        return state, "failed", detail
    return state, *run_tests(job, make_candidate(calls, answers))


def main():
    result_fd = os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 1)  # what the tests print is no result
    os.close(null)
    memory_bytes, file_bytes = int(sys.argv[1]), int(sys.argv[2])
    set_limit(resource.RLIMIT_AS, memory_bytes)
    set_limit(resource.RLIMIT_FSIZE, file_bytes)
    set_limit(resource.RLIMIT_NOFILE, 64)
    set_limit(resource.RLIMIT_CORE, 0)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    pid, calls, answers = start_child(result_fd)

    with open(0, "rb") as job_file:
        job = json.load(job_file)
    os.write(result_fd, (json.dumps({"nonce": job["nonce"], "started": True}) + "\n").encode())
    state, status, why = judge(job, calls, answers)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    _, wait_status, usage = os.wait4(pid, 0)
    cpu_seconds = usage.ru_utime + usage.ru_stime
    if status == "crashed" and os.WIFSIGNALED(wait_status):
        number = os.WTERMSIG(wait_status)
        out_of_time = number == signal.SIGXCPU or cpu_seconds >= job["cpu_seconds"]
        status = "timeout" if out_of_time else "crashed"
        why = "CPU limit" if out_of_time else signal.Signals(number).name
    os.write(result_fd, (json.dumps({
        "nonce": job["nonce"], "state": state, "status": status, "why": why,
        "cpu_seconds": cpu_seconds}) + "\n").encode())


main()
