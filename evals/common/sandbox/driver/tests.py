# Part 3: the trusted side. The tests run in this process and call the candidate through the pipe.
# Exiting early, forging output, walking frames, patching builtins or an object that equals
# everything reach nothing here: all that the program can do to the tests is answer them.
import builtins

BATCH_CALLS = 256


class ProgramEnded(BaseException):
    """The program's process is gone: no test may catch this."""


class CannotCross(BaseException):
    """The tests pass something that is no plain data."""


class Program:
    """The other end of the two pipes."""

    def __init__(self, calls, answers):
        self.calls, self.answers = calls, answers

    def ask(self, request):
        try:
            write_frame(self.calls, request)
            return read_frame(self.answers)
        except Exception as error:  # the pipe broke, or it carried nonsense
            raise ProgramEnded(describe(error)) from None


def error_of(name, text):
    """The exception that the program raised, if it is one of Python's own; else a plain one."""
    found = getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, Exception):
        return found(text[len(name) + 2:] if text.startswith(name + ": ") else text)
    return Exception(text)


def copy_back(original, changed):
    """What the program did to a list, dict or set that it was given, the tests must see."""
    if type(original) is not type(changed) or original == changed:
        return
    if isinstance(original, list):
        original[:] = changed
    elif isinstance(original, (dict, set)):
        original.clear()
        original.update(changed)


def make_candidate(program):
    def candidate(*positional, **named):
        call = [pack(list(positional)), pack(named)]
        if '"object":' in json.dumps(call):
            raise CannotCross("the tests pass something that is no plain data")
        reply = program.ask({"call": call})
        try:
            answer, arguments = reply
            if isinstance(arguments, list):
                for original, changed in zip(positional, unpack(arguments)):
                    copy_back(original, changed)
            if answer[0] == "value":
                return unpack(answer[1])
            name, text = str(answer[1]), str(answer[2])
        except Exception as error:
            raise ProgramEnded(describe(error)) from None
        raise error_of(name, text)

    return candidate


def run_check(job, program):
    """HumanEval's own form: check(candidate) returns. -> (status, why)"""
    candidate = make_candidate(program)
    namespace = {"__name__": "tests"}
    try:
        exec(compile(job["prompt"], "<prompt>", "exec", dont_inherit=True), namespace)
        exec(compile(job["test"], "<test>", "exec", dont_inherit=True), namespace)
    except Exception as error:
        return "tests_broken", describe(error)
    namespace[job["entry_point"]] = candidate
    random.seed(0)  # the tests of HumanEval/38, 50 and 53 draw their inputs
    try:
        namespace["check"](candidate)
    except CannotCross as error:
        return "tests_broken", str(error)
    except ProgramEnded:
        raise
    except BaseException as error:
        return "failed", describe(error)
    return "passed", ""


# --- inputs with expected outputs (HumanEval+) ---------------------------------------------------


def batches(items, n_base):
    """None holds base inputs and further ones, so that a crash in these leaves those judged."""
    for begin, end in ((0, n_base), (n_base, len(items))):
        for i in range(begin, end, BATCH_CALLS):
            yield items[i:min(i + BATCH_CALLS, end)]


def record_outputs(job, program):
    """-> (status, why, answers): what the program answers to every input."""
    outputs = []
    for batch in batches(job["inputs"], job["n_base"]):
        outputs += program.ask({"batch": [pack(arguments) for arguments in batch]})
        if outputs and outputs[-1][0] != "value":
            break
    for number, answer in enumerate(outputs):
        if answer[0] != "value":
            return "failed", "input %d: %s" % (number + 1, answer[2]), None
    if all(answer[1] is None for answer in outputs):
        return "failed", "it gives None for every input", None  # a "pass" that nobody filled in
    return "passed", "", [answer[1] for answer in outputs]


def is_number(value):
    return isinstance(value, (int, float))


def all_close(found, expected, tolerance):
    """As numpy's allclose(found, expected, rtol=1e-7, atol=tolerance), without broadcasting."""
    if isinstance(expected, (list, tuple)):
        return (isinstance(found, (list, tuple)) and len(found) == len(expected) and
                all(all_close(a, b, tolerance) for a, b in zip(found, expected)))
    if not is_number(found) or not is_number(expected):
        return False
    return found == expected or abs(found - expected) <= tolerance + 1e-7 * abs(expected)


def is_floats(value):
    if isinstance(value, (list, tuple)):
        return all(isinstance(item, float) for item in value)
    return isinstance(value, float)


def is_right(found, expected, arguments, job):
    """EvalPlus' rule: equal; floats to an absolute 1e-6 unless the problem says otherwise; of a
    root the polynomial's value counts, since there may be several."""
    tolerance = job["atol"]
    if job["oracle"] == "polynomial root":
        value = sum(c * found ** power for power, c in enumerate(arguments[0]))
        return abs(value) <= (tolerance or 1e-4)
    if found == expected:
        return True
    if tolerance == 0 and is_floats(expected):
        tolerance = 1e-6
    return (tolerance != 0 and type(found) is type(expected) and
            all_close(found, expected, tolerance))


def check_answer(answer, expected, arguments, job):
    """Nothing if it is right, else why not."""
    try:
        if answer[0] != "value":
            return str(answer[2])
        right = is_right(unpack(answer[1]), unpack(expected), arguments, job)
    except Exception as error:
        return describe(error)
    return None if right else "another output than the canonical solution's"


def compare_outputs(job, program, verdict):
    """Fills in status, why and how many inputs were right before the first that was not."""
    verdict["right"] = 0
    for batch in batches(list(zip(job["inputs"], job["expected"])), job["n_base"]):
        answers = program.ask({"batch": [pack(arguments) for arguments, _ in batch]})
        if not isinstance(answers, list) or len(answers) != len(batch):
            raise ProgramEnded("the program answered with nonsense")
        for answer, (arguments, expected) in zip(answers, batch):
            why = check_answer(answer, expected, arguments, job)
            if why is not None:
                verdict["status"] = "failed"
                verdict["why"] = "input %d: %s" % (verdict["right"] + 1, why)
                return
            verdict["right"] += 1
    verdict["status"], verdict["why"] = "passed", ""


# --- the verdict ---------------------------------------------------------------------------------


def judge(job, calls, answers):
    """-> the verdict's fields: state of the program, status, why; by kind of tests more"""
    program = Program(calls, answers)
    try:
        state, detail = program.ask(
            {key: job[key] for key in ("program", "entry_point", "longest_valid_part")})
        if state != "ready":
            return {"state": str(state), "status": "failed", "why": str(detail)}
    except (ProgramEnded, ValueError, TypeError) as error:
        return {"state": "load", "status": "crashed", "why": str(error)}
    verdict = {"state": state}
    try:
        if "inputs" not in job:
            verdict["status"], verdict["why"] = run_check(job, program)
        elif "expected" in job:
            compare_outputs(job, program, verdict)
        else:
            verdict["status"], verdict["why"], verdict["outputs"] = record_outputs(job, program)
    except ProgramEnded as error:
        verdict["status"], verdict["why"] = "crashed", str(error)
    return verdict


def add_end_of_program(verdict, wait_status, usage, cpu_limit_seconds):
    """How the program's process ended, and what it used."""
    verdict["cpu_seconds"] = usage.ru_utime + usage.ru_stime
    if verdict["status"] == "crashed" and os.WIFSIGNALED(wait_status):
        number = os.WTERMSIG(wait_status)
        out_of_time = number == signal.SIGXCPU or verdict["cpu_seconds"] >= cpu_limit_seconds
        verdict["status"] = "timeout" if out_of_time else "crashed"
        verdict["why"] = "CPU limit" if out_of_time else signal.Signals(number).name
    return verdict
