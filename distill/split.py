"""Which side a problem is on, and a seeded stream of problems of one side.

A test problem has a test template and test numbers, a training problem a training template and
training numbers; the rest is thrown away. Sides are decided by hash, so they depend on nothing
but the template and the numbers themselves.
"""

import hashlib
import random

from distill.families import FAMILIES
from distill.problem import Draft, Unsuitable

TEST_SHARE = 8  # one template in 8, and one tuple of numbers in 8, belongs to the tests


def _is_test(kind, key):
    digest = hashlib.sha256(f"{kind}|{key}".encode()).digest()
    return digest[0] % TEST_SHARE == 0


def side_of(problem):
    """"test", "train", or None where template and numbers disagree."""
    template = _is_test("template", problem.template)
    numbers = _is_test("numbers", ",".join(map(str, problem.numbers)))
    if template != numbers:
        return None
    return "test" if template else "train"


def draw(rng, family):
    """One problem of any side."""
    while True:
        try:
            return FAMILIES[family](Draft(rng, family))
        except Unsuitable:
            continue


def problems(side, seed, families=tuple(FAMILIES)):
    """An endless stream of problems of `side`, families in turn."""
    rng = random.Random(f"assay-distill-{side}-{seed}")
    while True:
        for family in families:
            problem = draw(rng, family)
            while side_of(problem) != side:
                problem = draw(rng, family)
            yield problem


def distinct_problems(side, seed, count):
    """The first `count` problems of the stream whose questions differ."""
    seen = set()
    out = []
    for problem in problems(side, seed):
        if problem.question not in seen:
            seen.add(problem.question)
            out.append(problem)
        if len(out) == count:
            return out
    raise AssertionError("the stream is endless")
