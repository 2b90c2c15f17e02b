# SPDX-License-Identifier: Apache-2.0
"""Numbered lines, and what became of them."""
import filecmp
from dataclasses import dataclass, field

try:
    from orjson import loads
except ImportError:
    from json import loads

FILLER = "the-quick-brown-fox-jumps-over-the-lazy-dog-0123456789-" * 5


def line(number):
    """The text of a line: 40 to 160 bytes, 100 on average."""
    return f"{number:09d} {FILLER[:30 + number * 7919 % 121]}"


def make(path, lines):
    with open(path, "w") as file:
        for start in range(0, lines, 10_000):
            file.writelines(line(number) + "\n" for number in range(start, min(lines, start + 10_000)))


@dataclass
class Outcome:
    """What an output has of an input."""
    lost: int = 0
    repeated: int = 0
    out_of_order: int = 0
    damaged: int = 0

    def __add__(self, other):
        return Outcome(*(a + b for a, b in zip(self.values(), other.values())))

    def values(self):
        return (self.lost, self.repeated, self.out_of_order, self.damaged)

    @property
    def is_exact(self):
        return not any(self.values())


@dataclass
class Reading:
    lines: int
    counts: dict = field(default_factory=dict)
    highest: int = -1
    outcome: Outcome = field(default_factory=Outcome)

    def see(self, text, weight=1):
        try:
            number = int(text[:9])
        except ValueError:
            number = -1
        if not 0 <= number < self.lines or text != line(number):
            self.outcome.damaged += 1
            return
        if number < self.highest and number not in self.counts:
            self.outcome.out_of_order += 1
        self.highest = max(self.highest, number)
        self.counts[number] = self.counts.get(number, 0) + weight


def check(source, output, lines, form):
    """Compares an output with its input; `form` is lines, events, or updates (rows with a `diff`, as Pathway's)."""
    if form == "lines" and filecmp.cmp(source, output, shallow=False):
        return Outcome()
    reading = Reading(lines)
    with open(output, "rb") as file:
        for raw in file:
            text = raw.decode(errors="replace").rstrip("\n")
            if form == "lines":
                reading.see(text)
                continue
            try:
                row = loads(text)
                reading.see(row["data"], row.get("diff", 1))
            except (ValueError, KeyError, TypeError):
                reading.outcome.damaged += 1
    outcome = reading.outcome
    present = [count for count in reading.counts.values() if count > 0]
    outcome.lost = lines - len(present)
    outcome.repeated = sum(present) - len(present)
    return outcome
