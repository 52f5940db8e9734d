# Part 2: the untrusted side. This process was forked before the tests were read, so its memory never
# held them; two pipes to the tests' process are all that it has open. It loads the program and
# answers calls with it.
import random
import sys
import types


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


def answer_to(entry_point, positional, named):
    try:
        return ["value", pack(entry_point(*positional, **named))]
    except BaseException as error:
        return ["error", type(error).__name__, describe(error)]


def answer_call(entry_point, call):
    """-> [answer, the arguments afterwards]: tests may look at what became of a list they passed."""
    positional = unpack(call[0])
    answer = answer_to(entry_point, positional, unpack(call[1]))
    try:
        arguments = pack(positional)
    except BaseException:
        arguments = None
    return [answer, arguments]


def serve_program(calls, answers):
    """Loads the program, then answers until the pipe closes: a call {"call": [positional, named]},
    or many that stand alone {"batch": [positional, ...]}."""
    random.seed(0)  # a fork reseeds it from the system
    state, detail, entry_point = load_program(read_frame(calls))
    write_frame(answers, [state, detail])
    while state == "ready":
        request = read_frame(calls)
        if "batch" in request:
            write_frame(answers, [answer_to(entry_point, unpack(positional), {})
                                  for positional in request["batch"]])
        else:
            write_frame(answers, answer_call(entry_point, request["call"]))
