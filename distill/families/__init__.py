"""The families of problems: each writes on a Draft and returns the finished Problem."""

from distill.families import quantities, stories, symbols

FAMILIES = {
    "arithmetic": stories.arithmetic,
    "ages": stories.ages,
    "fractions": quantities.fractions,
    "percent": quantities.percent,
    "units": quantities.units,
    "sequences": symbols.sequences,
    "algebra": symbols.algebra,
}
