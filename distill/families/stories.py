"""Stories told in events: a stock of things that grows and shrinks, and people's ages."""

from distill.problem import Unsuitable

STOCK_LIMIT = 600

START = ("{name} has {v} {things}.",
         "At first {name} owns {v} {things}.",
         "There are {v} {things} on {name}'s table.",
         "{name} starts the day with {v} {things}.")
GAIN = ("{name} buys {k} more.",
        "A friend brings {k} {things}.",
        "Then {name} finds another {k} {things}.",
        "{k} {things} are added.")
LOSE = ("{name} gives away {k} {things}.",
        "Then {name} loses {k} of them.",
        "{k} {things} are sold.",
        "A thief takes {k} {things}.")
BOXES = ("{name} buys {m} boxes with {k} {things} each.",
         "{m} friends bring {k} {things} each.",
         "Then come {m} bags, each with {k} {things}.")
BAGS_OUT = ("{name} sells {m} bags with {k} {things} each.",
            "{m} children take {k} {things} each.",
            "{name} fills {m} boxes with {k} {things} each and sends them off.")
GROW = {2: ("The number of {things} doubles.", "Now {name} gets as many {things} again."),
        3: ("The number of {things} triples.", "Soon {name} has three times as many {things}.")}
PART = {2: ("{name} keeps only half of the {things}.", "Half of the {things} are lost."),
        3: ("Only a third of the {things} are kept.",),
        4: ("Only a quarter of the {things} are kept.",)}
ASK_STOCK = ("How many {things} are there at the end?",
             "How many {things} does {name} have now?",
             "What is the number of {things} in the end?")
ASK_SHARE = ("The {things} are shared equally by {m} people. How many does each get?",
             "{name} packs them into {m} equal boxes. How many {things} are in each box?")


def _event(draft, kind, v, words):
    """Tells one event about a stock of `v`; returns the new stock."""
    if kind == "gain":
        k = draft.number(3, 99)
        draft.say("gain", GAIN, k=k, **words)
        return draft.plus("More", v, k)
    if kind == "lose":
        k = draft.number(2, min(99, v - 1))
        draft.say("lose", LOSE, k=k, **words)
        return draft.minus("Less", v, k)
    if kind in ("boxes", "bags out"):
        m, k = draft.number(2, 9), draft.number(3, 12)
        if kind == "boxes":
            draft.say("boxes", BOXES, m=m, k=k, **words)
            return draft.plus("More", v, draft.times("In the boxes", m, k))
        draft.say("bags", BAGS_OUT, m=m, k=k, **words)
        taken = draft.times("Taken", m, k)
        if taken >= v:
            raise Unsuitable
        return draft.minus("Less", v, taken)
    if kind.startswith("grow"):
        factor = int(kind[-1])
        draft.say(kind, GROW[factor], **words)
        return draft.times("Grown", v, factor)
    divisor = int(kind[-1])
    draft.say(kind, PART[divisor], **words)
    return draft.over("Part", v, divisor)


def arithmetic(draft):
    """2 to 8 events about things."""
    words = {"name": draft.names(1)[0], "things": draft.thing()}
    v = draft.number(5, 90)
    draft.say("start", START, v=v, **words)
    kinds = ("gain", "gain", "lose", "lose", "boxes", "bags out", "grow 2", "grow 3", "part 2",
             "part 3", "part 4")
    for _ in range(draft.rng.randint(2, 6)):
        v = _event(draft, draft.rng.choice(kinds), v, words)
        if not 2 <= v <= STOCK_LIMIT:
            raise Unsuitable
    if draft.rng.random() < 0.25:
        m = draft.number(2, 9)
        draft.say("share", ASK_SHARE, m=m, **words)
        return draft.finish(draft.over("Shared", v, m))
    draft.say("ask", ASK_STOCK, **words)
    return draft.finish(v)


OLDER = ("{b} is {k} years older than {a}.", "{a} is {k} years younger than {b}.",
         "{b} was born {k} years before {a}.")
YOUNGER = ("{b} is {k} years younger than {a}.", "{a} is {k} years older than {b}.",
           "{b} was born {k} years after {a}.")
TIMES_OLD = {2: ("{b} is twice as old as {a}.", "{b} is two times as old as {a}."),
             3: ("{b} is three times as old as {a}.",)}
PART_OLD = {2: ("{b} is half as old as {a}.", "{a} is twice as old as {b}."),
            3: ("{b} is a third as old as {a}.", "{a} is three times as old as {b}.")}
FIRST_AGE = ("{a} is {v} years old.", "Today {a} is {v} years old.", "{a} is {v}.")


def _relation(draft, kind, a, b, age):
    """Says how `b` relates to `a` of `age`; returns the age of b."""
    if kind == "older":
        k = draft.number(2, 30)
        draft.say("older", OLDER, a=a, b=b, k=k)
        return draft.plus(b, age, k)
    if kind == "younger":
        k = draft.number(2, min(30, age - 2))
        draft.say("younger", YOUNGER, a=a, b=b, k=k)
        return draft.minus(b, age, k)
    factor = int(kind[-1])
    if kind.startswith("times"):
        draft.say(kind, TIMES_OLD[factor], a=a, b=b)
        return draft.times(b, age, factor)
    draft.say(kind, PART_OLD[factor], a=a, b=b)
    return draft.over(b, age, factor)


def ages(draft):
    """A chain of people, each compared with one named before."""
    people = draft.names(draft.rng.randint(3, 6))
    known = [(people[0], draft.number(4, 40))]
    draft.say("first", FIRST_AGE, a=people[0], v=known[0][1])
    kinds = ("older", "older", "younger", "younger", "times 2", "times 3", "part 2", "part 3")
    for person in people[1:]:
        back = draft.shape("back", (1, 1, 1, 2))
        a, age = known[-min(back, len(known))]
        value = _relation(draft, draft.rng.choice(kinds), a, person, age)
        if not 2 <= value <= 99:
            raise Unsuitable
        known.append((person, value))
    (b, last), (a, before) = known[-1], known[-2]
    ask = draft.shape("ask", ("now", "later", "ago", "sum", "difference"))
    if ask == "now":
        draft.say("now", ("How old is {b}?", "What is the age of {b}?"), b=b)
        return draft.finish(last)
    if ask in ("later", "ago"):
        k = draft.number(2, 20)
        if ask == "later":
            draft.say("later", ("How old will {b} be in {k} years?",
                                "What will be the age of {b} after {k} years?"), b=b, k=k)
            return draft.finish(draft.plus("Later", last, k))
        draft.say("ago", ("How old was {b} {k} years ago?",), b=b, k=k)
        if k >= last:
            raise Unsuitable
        return draft.finish(draft.minus("Earlier", last, k))
    if ask == "sum":
        draft.say("sum", ("How old are {a} and {b} together?",
                          "What is the sum of the ages of {a} and {b}?"), a=a, b=b)
        return draft.finish(draft.plus("Together", before, last))
    draft.say("difference", ("How many years apart are {a} and {b}?",
                             "What is the difference between the ages of {a} and {b}?"), a=a, b=b)
    return draft.finish(draft.minus("Apart", max(before, last), min(before, last)))
