"""One word problem with its worked chain, and the draft that a family writes it on.

A problem remembers two things beside its text: its *template* (every choice of wording and
structure, in order) and its *numbers*. Both decide whether it is a training or a test problem
(split.py), so neither a template nor a tuple of numbers ever appears on both sides.
"""

import random
from dataclasses import dataclass, field
from fractions import Fraction

STEP_MARKER = "[STEP]"
MIN_STEPS, MAX_STEPS = 2, 8
LARGEST = 9999  # no quantity in a problem or its chain exceeds this

NAMES = ("Ada Ben Cora Dan Eva Finn Gina Hugo Ida Jack Kira Leo Maya Nils Olga Paul Rosa Sam Tara "
         "Viktor Wanda Yara").split()
THINGS = ("apples books cards coins cups eggs flowers keys lamps marbles nuts pears pencils plates "
          "rings shells stamps stones tickets toys").split()


class Unsuitable(Exception):
    """These draws give no good problem (a fraction of a coin, a negative age): draw again."""


@dataclass(frozen=True)
class Step:
    text: str
    key: bool  # derives a value; False for connecting words


@dataclass(frozen=True)
class Problem:
    family: str
    template: str
    numbers: tuple
    question: str
    steps: tuple
    answer: str

    def chain(self, order=None):
        """The steps as the model writes them, one a line; `order` permutes them."""
        steps = self.steps if order is None else [self.steps[i] for i in order]
        return "".join(f"{STEP_MARKER} {step.text}\n" for step in steps)

    def completion(self):
        """Everything after the opening `<think>` and its newline, up to the end-of-text token."""
        return f"{self.chain()}</think>\n\nThe answer is \\boxed{{{self.answer}}}."


def fraction_text(value):
    """3/4, or 2 where the denominator is 1."""
    return str(Fraction(value))


def boxed_text(value):
    value = Fraction(value)
    if value.denominator == 1:
        return str(value.numerator)
    return f"\\frac{{{value.numerator}}}{{{value.denominator}}}"


@dataclass
class Draft:
    """What a family fills in: sentences, steps, and the record of its choices."""

    rng: random.Random
    family: str
    sentences: list = field(default_factory=list)
    steps: list = field(default_factory=list)
    template: list = field(default_factory=list)
    numbers: list = field(default_factory=list)

    def number(self, low, high):
        if high < low:
            raise Unsuitable
        value = self.rng.randint(low, high)
        self.numbers.append(value)
        return value

    def pick_number(self, values):
        value = self.rng.choice(values)
        self.numbers.append(value)
        return value

    def shape(self, key, options):
        """A choice of structure: part of the template."""
        option = self.rng.choice(options)
        self.template.append(f"{key}={option}")
        return option

    def phrase(self, key, wordings, **words):
        """One of several wordings, filled in: which one is part of the template."""
        index = self.rng.randrange(len(wordings))
        self.template.append(f"{key}{index}")
        return wordings[index].format(**words)

    def say(self, key, wordings, **words):
        self.sentences.append(self.phrase(key, wordings, **words))

    def names(self, count):
        return self.rng.sample(NAMES, count)

    def thing(self):
        return self.rng.choice(THINGS)

    def step(self, gloss, equation, value):
        """A key step "gloss: equation = value."; the value is returned."""
        if not 0 <= value <= LARGEST:
            raise Unsuitable
        self.steps.append(Step(f"{gloss}: {equation} = {fraction_text(value)}.", True))
        return value

    def plus(self, gloss, a, b):
        return self.step(gloss, f"{a} + {b}", a + b)

    def minus(self, gloss, a, b):
        return self.step(gloss, f"{a} - {b}", a - b)

    def times(self, gloss, a, b):
        return self.step(gloss, f"{a} * {b}", a * b)

    def over(self, gloss, a, b):
        if b == 0 or a % b != 0 or a == 0:
            raise Unsuitable
        return self.step(gloss, f"{a} / {b}", a // b)

    def finish(self, answer):
        """The problem; Unsuitable where the number of steps is out of range."""
        if not MIN_STEPS <= len(self.steps) <= MAX_STEPS:
            raise Unsuitable
        closing = Step(f"So the answer is {fraction_text(answer)}.", False)
        return Problem(self.family, f"{self.family}:" + " ".join(self.template),
                       tuple(self.numbers), " ".join(self.sentences),
                       tuple(self.steps) + (closing,), boxed_text(answer))
