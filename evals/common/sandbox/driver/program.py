# Part 2: the untrusted side. This process was forked before the tests were read, so its memory
# never held them; two pipes to the tests' process are all that it has open. It loads the program
# and answers calls with it.
import ast
import random
import sys
import types


def parsed(text):
    """The module, or nothing if this is not Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError):
        return None


def longest_valid_lines(text):
    """The run of lines with the most that are not blank that is Python; the first of equals."""
    lines = text.split("\n")
    counts = [0]
    for line in lines:
        counts.append(counts[-1] + bool(line.strip()))
    best = (0, 0)
    for begin in range(len(lines)):
        for end in range(len(lines), begin, -1):
            if counts[end] - counts[begin] <= counts[best[1]] - counts[best[0]]:
                break
            if parsed("\n".join(lines[begin:end])) is not None:
                best = (begin, end)
                break
    return "\n".join(lines[best[0]:best[1]])


def names_defined(node):
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {target.id for target in targets if isinstance(target, ast.Name)}
    return set()


def needed_part(text, entry_point):
    """Imports, and the definitions that the entry point reaches."""
    module = parsed(text) or ast.Module(body=[], type_ignores=[])
    definitions = [node for node in module.body if names_defined(node)]
    wanted, found = {entry_point}, set()
    while wanted:
        name = wanted.pop()
        found.add(name)
        for node in definitions:
            if name in names_defined(node):
                used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
                wanted |= used - found
    lines, kept = text.split("\n"), []
    for node in module.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)) or names_defined(node) & found:
            first = min([node.lineno] + [d.lineno for d in getattr(node, "decorator_list", [])])
            kept += lines[first - 1:node.end_lineno]
    return "\n".join(kept)


def load_program(job):
    """-> (state, detail, entry point): "ready", "syntax", "load" or "missing"."""
    try:
        source = job["program"]
        if job["longest_valid_part"]:
            source = needed_part(longest_valid_lines(source), job["entry_point"])
        code = compile(source, "<program>", "exec", dont_inherit=True)
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
    """-> [answer, the arguments afterwards]: tests may look at what became of a list."""
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
