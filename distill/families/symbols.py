"""Rules and unknowns: sequences, equations, numbers thought of."""

from distill.problem import Unsuitable

TERM_LIMIT = 999
NTH = {3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth"}

BEGIN = ("A sequence starts with {v}.", "The first number of a list is {v}.",
         "The first term of a sequence is {v}.")
RULES = {
    "add": ("Each term is {k} more than the one before.", "From term to term {k} is added."),
    "take": ("Each term is {k} less than the one before.", "From term to term {k} is taken away."),
    "double": ("Each term is twice the one before.", "Every term is doubled to get the next."),
    "double add": ("Each next term is twice the one before plus {k}.",
                   "To get the next term, double and add {k}."),
    "double take": ("Each next term is twice the one before minus {k}.",
                    "To get the next term, double and subtract {k}."),
    "triple take": ("Each next term is three times the one before minus {k}.",
                    "To get the next term, triple and subtract {k}."),
}
ASK_TERM = ("What is the {nth} term?", "Find the {nth} term.", "Which number is the {nth} term?")
ASK_SUM = ("What is the sum of the first {n} terms?",
           "Add up the first {n} terms. What is the sum?")
TWO_BEGIN = ("A sequence starts with {v} and {w}.",
             "The first two terms of a list are {v} and {w}.")
TWO_RULE = ("Each next term is the sum of the two before.",
            "From then on, every term is the sum of the last two.")


def _next_term(draft, rule, v, k):
    if rule == "add":
        return draft.plus("Next", v, k)
    if rule == "take":
        return draft.minus("Next", v, k)
    doubled = draft.times("Times", v, 3 if rule.startswith("triple") else 2)
    if rule == "double":
        return doubled
    return (draft.plus if rule.endswith("add") else draft.minus)("Next", doubled, k)


def _two_before(draft):
    v, w = draft.number(1, 20), draft.number(1, 20)
    draft.say("two", TWO_BEGIN, v=v, w=w)
    draft.say("rule", TWO_RULE)
    n = draft.shape("n", range(4, 9))
    for _ in range(n - 2):
        v, w = w, draft.plus("Next", v, w)
    draft.say("ask", ASK_TERM, nth=NTH[n])
    return draft.finish(w)


def sequences(draft):
    """The n-th term, or the sum of the first few, by a rule of one or two operations."""
    rule = draft.shape("rule", (*RULES, "add", "take", "two before"))
    if rule == "two before":
        return _two_before(draft)
    v = draft.number(2, 60 if rule in ("add", "take") else 20)
    if rule == "take":
        v = draft.number(60, 400)
    k = draft.number(2, 30) if rule != "double" else 0
    draft.say("begin", BEGIN, v=v)
    draft.say("rule", RULES[rule], k=k)
    two_operations = rule.startswith(("double ", "triple"))
    is_sum = draft.shape("sum", (False, False, True))
    n = draft.shape("n", range(3, 4 if two_operations else 5) if is_sum else
                    range(3, 6 if two_operations else 9))
    terms = [v]
    for _ in range(n - 1):
        terms.append(_next_term(draft, rule, terms[-1], k))
        if not 1 <= terms[-1] <= TERM_LIMIT:
            raise Unsuitable
    if not is_sum:
        draft.say("ask", ASK_TERM, nth=NTH[n])
        return draft.finish(terms[-1])
    draft.say("sum", ASK_SUM, n=n)
    total = terms[0]
    for term in terms[1:]:
        total = draft.plus("Sum", total, term)
    return draft.finish(total)


SOLVE = ("Solve for {x}: {e}.", "Find {x} if {e}.", "What is {x} when {e}?",
         "For which {x} does {e} hold?", "The number {x} satisfies {e}. What is {x}?")
THINK = ("{name} thinks of a number.", "I think of a number.", "Take an unknown number.")
OPERATIONS = {
    "plus": ("Then {k} is added.", "It is increased by {k}."),
    "minus": ("Then {k} is subtracted.", "It is decreased by {k}."),
    "times": ("Then it is multiplied by {k}.", "It is taken {k} times."),
    "over": ("Then it is divided by {k}.", "It is split into {k} equal parts, one is kept."),
}
THINK_ASK = ("The result is {v}. What was the number?", "This gives {v}. Find the number.",
             "It ends at {v}. Which number was it?")


def _thought_number(draft):
    """Operations told forwards and undone backwards."""
    v = draft.rng.randint(2, 60)
    draft.say("think", THINK, name=draft.names(1)[0])
    undo = []
    for _ in range(draft.shape("operations", (2, 3, 4, 5))):
        kind = draft.shape("op", tuple(OPERATIONS))
        if kind == "over":
            k = draft.number(2, 6)
            if v % k:
                raise Unsuitable
        else:
            k = draft.number(2, 6 if kind == "times" else 40)
        after = {"plus": v + k, "minus": v - k, "times": v * k, "over": v // k}[kind]
        if not 2 <= after <= TERM_LIMIT or (undo and undo[-1][0] == kind):
            raise Unsuitable
        draft.say(kind, OPERATIONS[kind], k=k)
        undo.append((kind, k))
        v = after
    draft.numbers.append(v)
    draft.say("ask", THINK_ASK, v=v)
    for kind, k in reversed(undo):
        inverse = {"plus": draft.minus, "minus": draft.plus, "times": draft.over,
                   "over": draft.times}[kind]
        v = inverse("Undo", v, k)
    return draft.finish(v)


def _equation(draft, kind, x):
    """An equation in `x` and the steps that solve it."""
    solution = draft.rng.randint(2, 40)
    a, b = draft.number(2, 9), draft.number(2, 40)
    draft.numbers.append(solution)
    if kind == "ax+b":
        c = a * solution + b
        e = f"{a}{x} + {b} = {c}"
        draft.over(x, draft.minus(f"{a}{x}", c, b), a)
    elif kind == "ax-b":
        c = a * solution - b
        e = f"{a}{x} - {b} = {c}"
        draft.over(x, draft.plus(f"{a}{x}", c, b), a)
    elif kind == "a(x+b)":
        c = a * (solution + b)
        e = f"{a}({x} + {b}) = {c}"
        draft.minus(x, draft.over(f"{x} + {b}", c, a), b)
    elif kind == "a(x-b)":
        c = a * (solution - b)
        e = f"{a}({x} - {b}) = {c}"
        draft.plus(x, draft.over(f"{x} - {b}", c, a), b)
    elif kind == "two sides":
        d = draft.number(1, a - 1)
        c = (a - d) * solution + b
        e = f"{a}{x} + {b} = {d if d > 1 else ''}{x} + {c}"
        difference = draft.minus("Factors", a, d)
        rest = draft.minus(f"{difference}{x}", c, b)
        if difference > 1:
            draft.over(x, rest, difference)
    else:
        solution *= a
        draft.numbers[-1] = solution
        c = solution // a + b
        e = f"{x}/{a} + {b} = {c}"
        draft.times(x, draft.minus(f"{x}/{a}", c, b), a)
    if c <= 0:
        raise Unsuitable
    return e, solution


def algebra(draft):
    """A linear equation, two unknowns by sum and difference, or a number thought of."""
    kind = draft.shape("kind", ("think", "think", "ax+b", "ax-b", "a(x+b)", "a(x-b)", "two sides",
                                "x/a+b", "sum and difference"))
    if kind == "think":
        return _thought_number(draft)
    x = draft.shape("letter", ("x", "y", "n", "z"))
    if kind != "sum and difference":
        e, solution = _equation(draft, kind, x)
        draft.say("solve", SOLVE, x=x, e=e)
        if draft.shape("more", (False, True)):
            k = draft.number(2, 9)
            draft.sentences[-1] += draft.phrase("more", (" Then give {k} times {x}.",
                                                         " What is {k}{x}?"), k=k, x=x)
            solution = draft.times(f"{k}{x}", solution, k)
        return draft.finish(solution)
    smaller, gap = draft.number(2, 60), draft.number(1, 40)
    total = 2 * smaller + gap
    draft.say("pair", ("Two numbers add up to {s} and differ by {d}.",
                       "The sum of two numbers is {s}, their difference is {d}.",
                       "Two boxes hold {s} balls in all, one holds {d} more than the other."),
              s=total, d=gap)
    twice = draft.minus("Twice the smaller", total, gap)
    draft.over("The smaller", twice, 2)
    if draft.shape("which", ("smaller", "larger")) == "smaller":
        draft.say("smaller", ("What is the smaller number?", "How much is the smaller one?"))
        return draft.finish(smaller)
    draft.say("larger", ("What is the larger number?", "How much is the larger one?"))
    return draft.finish(draft.plus("The larger", smaller, gap))
