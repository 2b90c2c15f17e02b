# SPDX-License-Identifier: Apache-2.0
"""CPU, time and memory of every arm on the same input, and whether the output is right."""
import os, statistics
from dataclasses import dataclass, field

import inputs
from arms import Trial

INTERVAL = 1.0


@dataclass
class Result:
    arm: object
    usages: list = field(default_factory=list)
    outcome: inputs.Outcome = None

    def median(self, name):
        return statistics.median(getattr(usage, name) for usage in self.usages)

    def spread(self, name):
        values = [getattr(usage, name) for usage in self.usages]
        return min(values), max(values)


def ratio(ours, other, name):
    """The median over the rounds of one arm over another within the round, the smallest and the largest."""
    values = [getattr(a, name) / getattr(b, name) for a, b in zip(ours.usages, other.usages)]
    return statistics.median(values), min(values), max(values)


def measure(arms, directory, lines, rounds, say):
    """Results by name, and those of the first arm again, which is the noise."""
    source = os.path.join(directory, "input")
    inputs.make(source, lines)
    results = {arm.name: Result(arm) for arm in arms}
    again = Result(arms[0])
    for arm in arms:
        trial = Trial(arm, directory, source, lines, INTERVAL)
        trial.complete()
        results[arm.name].outcome = trial.check()
        say(f"{arm.name}: warmed up, {results[arm.name].outcome}")
    for number in range(rounds):
        for arm in arms:
            results[arm.name].usages.append(Trial(arm, directory, source, lines, INTERVAL).complete())
        again.usages.append(Trial(arms[0], directory, source, lines, INTERVAL).complete())
        say(f"round {number + 1} of {rounds}: " + ", ".join(
            f"{name} {result.usages[-1].cpu:.2f} s" for name, result in results.items()))
    size = os.path.getsize(source)
    os.remove(source)
    return results, again, size
