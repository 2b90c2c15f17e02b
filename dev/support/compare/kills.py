# SPDX-License-Identifier: Apache-2.0
"""What an arm loses or repeats when it is killed again and again."""
import os, time
from dataclasses import dataclass, field

import inputs
from arms import Trial

INTERVAL = 0.1
# A run without kills lasts about this long, so that there is something to hit.
SECONDS = 2.0
FEWEST, MOST = 100_000, {"lines": 3_000_000, "events": 1_000_000, "updates": 1_000_000}
PER_RUN = 5


@dataclass
class Result:
    arm: object
    lines: int
    kills: int = 0
    runs: int = 0
    outcome: inputs.Outcome = field(default_factory=inputs.Outcome)
    undisturbed: inputs.Outcome = None


def measure(arm, directory, rate, wanted, random_source, say):
    """Kills an arm `wanted` times, up to five times in each run, and compares each output with the input."""
    lines = max(FEWEST, min(MOST[arm.form], int(rate * SECONDS) // 10_000 * 10_000))
    source = os.path.join(directory, "input")
    inputs.make(source, lines)
    trial = Trial(arm, directory, source, lines, INTERVAL)
    wall = trial.complete().wall
    result = Result(arm, lines, undisturbed=trial.check())
    first = min(trial.first_output or 0, wall)
    while result.kills < wanted and result.runs < 4 * wanted:
        trial = Trial(arm, directory, source, lines, INTERVAL)
        result.kills += kill_often(trial, first, wall, min(PER_RUN, wanted - result.kills), random_source)
        trial.complete()
        result.runs += 1
        result.outcome += trial.check()
    say(f"{arm.name}: {lines} lines, {wall:.1f} s, {result.kills} kills in {result.runs} runs, {result.outcome}")
    os.remove(source)
    return result


def kill_often(trial, first, wall, most, random_source):
    """Starts and kills, at any moment between the first output and most of the time of an undisturbed run."""
    begin = min(first, wall / 2)
    kills = 0
    for _ in range(most):
        running = trial.start()
        deadline = running.begin + begin + random_source.uniform(0, 0.7) * (wall - begin)
        while time.monotonic() < deadline and not running.has_ended():
            time.sleep(0.001)
        if running.has_ended():
            running.wait()
            break
        running.kill()
        kills += 1
    return kills
