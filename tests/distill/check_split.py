"""Draws of both sides: disjoint templates, numbers and questions; 2 to 8 steps; true equations."""

import itertools
import re
from fractions import Fraction

from distill.problem import MAX_STEPS, MIN_STEPS
from distill.split import problems

EQUATION = re.compile(r": (\S+) ([-+*/]) (\S+) = (\S+)\.$")
OPERATIONS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b,
              "*": lambda a, b: a * b, "/": lambda a, b: a / b}


def check_steps(problem):
    steps = [step.text for step in problem.steps[:-1]]
    assert MIN_STEPS <= len(steps) <= MAX_STEPS, steps
    for text in steps:
        found = EQUATION.search(text)
        if found:
            a, sign, b, value = found.groups()
            assert OPERATIONS[sign](Fraction(a), Fraction(b)) == Fraction(value), text
    return sum(EQUATION.search(text) is not None for text in steps)


def main():
    train = list(itertools.islice(problems("train", 3), 3000))
    test = list(itertools.islice(problems("test", 3), 700))
    assert min(map(check_steps, train + test)) >= 1
    for what in ("template", "numbers", "question"):
        common = {getattr(p, what) for p in train} & {getattr(p, what) for p in test}
        assert not common, f"{what} on both sides: {sorted(common)[:3]}"
    assert len({p.family for p in test}) == 7


main()
