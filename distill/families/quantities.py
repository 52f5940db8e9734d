"""Parts of quantities: fractions, percent, units."""

from fractions import Fraction
from math import lcm

from distill.problem import Step, Unsuitable, fraction_text

WHOLES = (("{name} has a book of {v} pages.", "reads", "of the pages", "pages", "are left to read"),
          ("{name} saved {v} dollars.", "spends", "of the money", "dollars", "are left"),
          ("A tank holds {v} liters.", "uses", "of the water", "liters", "are left"),
          ("{name} bakes {v} cookies.", "sells", "of the cookies", "cookies", "are left"))
DAYS = ("On Monday", "On Tuesday", "On Friday")
FIRST_PART = ("{day} {name} {does} {f} {what}.", "{day} {name} {does} {f} of it.",
              "First {name} {does} {f} {what}.")
NEXT_PART = ("{day} {name} {does} {f} of what is left.", "{day} {name} {does} {f} of the rest.",
             "Then {name} {does} {f} of the remainder.")
REST_PLAIN = ("Then {name} {does} {k} {unit} more.", "Later {k} {unit} are gone, too.")
ASK_REST = ("How many {unit} {left}?", "How many {unit} {left} in the end?",
            "Find how many {unit} {left}.")
SUM_ASK = ("What is {e}? Give a fraction in lowest terms.", "Compute {e} as a reduced fraction.",
           "Find the value of {e} in lowest terms.", "Work out {e} and reduce the result.")
CUPS = ("{name} pours {e} liters of juice into a jar. How many liters is that, in lowest terms?",
        "{name} walks {e} miles in all. How many miles is that, as a reduced fraction?")


def _parts_of_a_whole(draft):
    story = draft.shape("story", range(len(WHOLES)))
    opening, does, what, unit, left = WHOLES[story]
    name = draft.names(1)[0]
    v = draft.number(4, 60) * draft.rng.choice((4, 6, 10, 12))
    draft.numbers[-1] = v
    draft.sentences.append(opening.format(name=name, v=v))
    for day in DAYS[:draft.shape("parts", (1, 2))]:
        wordings = FIRST_PART if day == DAYS[0] else NEXT_PART
        b = draft.pick_number((2, 3, 4, 5, 6, 8))
        a = draft.number(1, min(b - 1, 5))
        draft.say("part", wordings, day=day, name=name, does=does, f=f"{a}/{b}", what=what)
        part = draft.over("One part", v, b)
        if a > 1:
            part = draft.times("Parts", part, a)
        v = draft.minus("Left", v, part)
    for _ in range(draft.shape("plain", (0, 1))):
        k = draft.number(2, min(40, v - 1))
        draft.say("plain", REST_PLAIN, name=name, does=does, k=k, unit=unit)
        v = draft.minus("Left", v, k)
    draft.say("ask", ASK_REST, unit=unit, left=left)
    return draft.finish(v)


def _sum_of_fractions(draft):
    terms = []
    for _ in range(draft.shape("terms", (2, 2, 3))):
        b = draft.pick_number((2, 3, 4, 5, 6, 8, 9, 10, 12))
        terms.append((draft.number(1, b - 1), b))
    if any(Fraction(a, b).denominator != b for a, b in terms):
        raise Unsuitable
    signs = ["+"] + [draft.shape("sign", ("+", "-")) for _ in terms[1:]]
    expression = f"{terms[0][0]}/{terms[0][1]}"
    for sign, (a, b) in zip(signs[1:], terms[1:]):
        expression += f" {sign} {a}/{b}"
    if "-" not in signs and draft.shape("story", (True, False)):
        draft.say("cups", CUPS, name=draft.names(1)[0], e=expression.replace("+", "and"))
    else:
        draft.say("sum", SUM_ASK, e=expression)
    common = lcm(*(b for _, b in terms))
    if common > 60:
        raise Unsuitable
    draft.steps.append(Step(f"The common denominator is {common}.", False))
    widened = [a * (common // b) for a, b in terms]
    for (a, b), wide in zip(terms, widened):
        if b != common:
            draft.steps.append(Step(f"Widen by {common // b}: {a}/{b} = {wide}/{common}.", True))
    total = widened[0]
    for sign, wide in zip(signs[1:], widened[1:]):
        total = (draft.plus if sign == "+" else draft.minus)("Numerators", total, wide)
    value = Fraction(total, common)
    if total == 0:
        raise Unsuitable
    if value.denominator != common:
        by = common // value.denominator
        reduced = fraction_text(value)
        draft.steps.append(Step(f"Reduce by {by}: {total}/{common} = {reduced}.", True))
    return draft.finish(value)


def fractions(draft):
    """A whole that is used up part by part, or a sum of two or three fractions."""
    return (_parts_of_a_whole, _sum_of_fractions)[draft.shape("kind", (0, 1))](draft)


# percent -> divisor and factor of the whole
PERCENTS = {5: (20, 1), 10: (10, 1), 20: (5, 1), 25: (4, 1), 30: (10, 3), 40: (5, 2), 50: (2, 1),
            60: (5, 3), 75: (4, 3), 70: (10, 7), 80: (5, 4), 90: (10, 9)}
PRICED = ("A coat costs {v} dollars.", "The rent of a room is {v} dollars.",
          "{name} earns {v} dollars a week.", "A bike is sold for {v} dollars.")
RISE = ("It goes up by {p}%.", "Then {p}% is added.", "It rises by {p} percent.")
FALL = ("It goes down by {p}%.", "Then {p}% is taken off.", "It falls by {p} percent.")
FLAT_UP = ("Then {k} dollars are added.", "A fee of {k} dollars comes on top.")
FLAT_DOWN = ("Then {k} dollars are taken off.", "A coupon saves {k} dollars.")
ASK_PRICE = ("How many dollars is it now?", "What is it at the end, in dollars?",
             "What is the final amount in dollars?")
GROUPS = (("A school has {v} pupils.", "pupils", "of them sing", "of the singers also play"),
          ("A farm has {v} animals.", "animals", "of them are cows", "of the cows are brown"),
          ("A town has {v} houses.", "houses", "of them are old", "of the old ones have a garden"))
ASK_GROUP = ("How many {unit} is that?", "How many {unit} are meant by the last sentence?")


def _percent_of(draft, v, p):
    divisor, factor = PERCENTS[p]
    part = draft.over(f"{p}%", v, divisor)
    return draft.times(f"{p}%", part, factor) if factor > 1 else part


def percent(draft):
    """A price that changes, or a part of a part of a group."""
    v = draft.number(2, 45) * draft.rng.choice((20, 10, 8))
    draft.numbers[-1] = v
    if draft.shape("kind", ("price", "price", "group")) == "group":
        opening, unit, first, second = GROUPS[draft.shape("group", range(len(GROUPS)))]
        draft.sentences.append(opening.format(v=v))
        for what in (first, second)[:draft.shape("parts", (1, 2))]:
            p = draft.pick_number(tuple(PERCENTS))
            draft.say("part", ("{p}% {what}.", "{p} percent {what}."), p=p, what=what)
            v = _percent_of(draft, v, p)
        if draft.shape("more", (True, False)):
            k = draft.number(3, 60)
            draft.say("join", ("{k} more join these.", "To these come {k} others."), k=k)
            v = draft.plus("More", v, k)
        draft.say("ask", ASK_GROUP, unit=unit)
        return draft.finish(v)
    draft.say("priced", PRICED, v=v, name=draft.names(1)[0])
    for kind in [draft.shape("change", ("rise", "fall", "up", "down"))
                 for _ in range(draft.shape("changes", (1, 2, 3)))]:
        if kind in ("rise", "fall"):
            p = draft.pick_number(tuple(PERCENTS))
            draft.say(kind, RISE if kind == "rise" else FALL, p=p)
            part = _percent_of(draft, v, p)
            v = (draft.plus if kind == "rise" else draft.minus)("New", v, part)
        else:
            k = draft.number(2, 60)
            draft.say(kind, FLAT_UP if kind == "up" else FLAT_DOWN, k=k)
            v = (draft.plus if kind == "up" else draft.minus)("New", v, k)
    draft.say("ask", ASK_PRICE)
    return draft.finish(v)


UNITS = (("meters", "centimeters", 100, "rope", "long"), ("hours", "minutes", 60, "film", "long"),
         ("kilograms", "grams", 1000, "sack", "heavy"), ("weeks", "days", 7, "trip", "long"),
         ("feet", "inches", 12, "board", "long"), ("dollars", "cents", 100, "bill", "high"),
         ("minutes", "seconds", 60, "song", "long"))
MEASURED = ("A {thing} is {a} {big} and {b} {small} {adj}.",
            "{name} has a {thing} of {a} {big} and {b} {small}.",
            "The {thing} of {name} measures {a} {big} and {b} {small}.")
TAKE = ("{a} {big} and {b} {small} are cut off.", "It gets {a} {big} and {b} {small} shorter.")
ADD = ("{a} {big} and {b} {small} are added.", "It grows by {a} {big} and {b} {small}.")
TAKE_SMALL = ("{b} {small} are cut off.", "It gets {b} {small} shorter.")
ADD_SMALL = ("{b} {small} are added.", "It grows by {b} {small}.")
ASK_UNIT = ("How many {small} is that?", "How much is it now, in {small}?", "Give it in {small}.")
ASK_MANY = ("How much are {m} of them together, in {small}?", "How many {small} are {m} of these?")
ASK_PIECES = ("It is split into {m} equal parts. How many {small} is each?",
              "{m} friends share it equally. How many {small} does each get?")


def units(draft):
    """A quantity in two units, changed, multiplied or divided, asked for in the smaller unit."""
    big, small, per, thing, adj = UNITS[draft.shape("unit", range(len(UNITS)))]
    words = {"big": big, "small": small}
    a, b = draft.number(2, 9), draft.number(1, min(per - 1, 60))
    draft.say("measured", MEASURED, thing=thing, adj=adj, a=a, b=b, name=draft.names(1)[0], **words)
    v = draft.plus("All", draft.times(small, a, per), b)
    for kind in [draft.shape("change", ("take", "add", "take small", "add small"))
                 for _ in range(draft.shape("changes", (0, 1, 1, 2)))]:
        sign = draft.plus if kind.startswith("add") else draft.minus
        if kind.endswith("small"):
            k = draft.number(2, min(per, 60))
            draft.say(kind, ADD_SMALL if sign == draft.plus else TAKE_SMALL, b=k, **words)
        else:
            a, b = draft.number(1, 5), draft.number(1, min(per - 1, 60))
            draft.say(kind, ADD if sign == draft.plus else TAKE, a=a, b=b, **words)
            k = draft.plus("Part", draft.times(small, a, per), b)
        if sign == draft.minus and k >= v:
            raise Unsuitable
        v = sign("New", v, k)
    ask = draft.shape("ask", ("plain", "many", "pieces"))
    if ask == "plain":
        draft.say("ask", ASK_UNIT, **words)
        return draft.finish(v)
    m = draft.number(2, 6)
    if ask == "many":
        draft.say("many", ASK_MANY, m=m, **words)
        return draft.finish(draft.times("Together", v, m))
    draft.say("pieces", ASK_PIECES, m=m, **words)
    return draft.finish(draft.over("Each", v, m))
