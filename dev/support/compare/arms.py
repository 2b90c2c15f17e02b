# SPDX-License-Identifier: Apache-2.0
"""What copies a file to a file: ours, and what a user would pick instead."""
import os, shutil, signal, subprocess, sys, time
from dataclasses import dataclass
from importlib import metadata, util

import inputs
from processes import LineCounter, Running

PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
# A program that does not end by itself has ended when its output has rested for so long.
REST = 3.0
POLL = 0.02


@dataclass
class Arm:
    name: str
    # From the paths of input, output and state, and the seconds between two commits, to a command.
    command: object
    durability: str
    # What becomes of the work of a run that was killed.
    resumes: str
    form: str = "lines"
    ends_by_itself: bool = True
    # Whether a start empties the output of the run before; what was there is kept then, and counts.
    empties_output: bool = False
    # Makes the state before the first run, where that is a step of its own.
    prepare: object = None
    # Beside what `ours` it is: lines or events.
    group: str = "lines"


class Trial:
    """One arm with an output and a state of its own, that can be run, killed, and run again."""

    def __init__(self, arm, directory, source, lines, interval):
        self.arm, self.source, self.lines, self.interval = arm, source, lines, interval
        self.place = os.path.join(directory, "trial")
        shutil.rmtree(self.place, ignore_errors=True)
        os.mkdir(self.place)
        self.output = os.path.join(self.place, "output")
        self.state = os.path.join(self.place, "state")
        if arm.prepare:
            arm.prepare(self.state)
        self.earlier = os.path.join(self.place, "earlier")
        self.first_output = None

    def start(self):
        if self.arm.empties_output:
            self.keep_output()
        command = self.arm.command(self.source, self.output, self.state, self.interval)
        return Running(command, os.path.join(self.place, "errors"))

    def keep_output(self):
        """Moves what the last run has written behind what earlier ones have."""
        if os.path.exists(self.output) and os.path.getsize(self.output) > 0:
            with open(self.output, "rb") as source, open(self.earlier, "ab") as target:
                data = source.read()
                target.write(data if data.endswith(b"\n") else data + b"\n")
            os.remove(self.output)

    def check(self):
        """What the output has of the input."""
        if not os.path.exists(self.earlier):
            return inputs.check(self.source, self.output, self.lines, self.arm.form)
        self.keep_output()
        return inputs.check(self.source, self.earlier, self.lines, self.arm.form)

    def complete(self):
        """Runs to the end and returns what was used; without the rest at the end."""
        running, counter = self.start(), LineCounter(self.output)
        if self.arm.ends_by_itself:
            usage = self.wait_for_exit(running)
        else:
            usage = self.wait_for_output(running, counter)
        if usage.status not in ((0,) if self.arm.ends_by_itself else (0, -signal.SIGTERM, 128 + signal.SIGTERM)):
            self.fail(usage.status)
        return usage

    def wait_for_exit(self, running):
        """Notes when the first output appeared."""
        while self.first_output is None and not running.has_ended():
            if os.path.exists(self.output) and os.path.getsize(self.output) > 0:
                self.first_output = time.monotonic() - running.begin
            time.sleep(0.005)
        return running.wait()

    def wait_for_output(self, running, counter):
        before = counter.count() + (LineCounter(self.earlier).count() if os.path.exists(self.earlier) else 0)
        kept = before if self.arm.empties_output else 0
        while True:
            if running.has_ended():
                self.fail(running.wait().status)
            lines = kept + counter.count()
            if lines != before and self.first_output is None:
                self.first_output = time.monotonic() - running.begin
            # After a kill an output may have all its lines, some of them twice, and others still to come.
            rested = counter.quiet_for() > REST and time.monotonic() - running.begin > 2 * REST
            if (before == 0 and lines == self.lines) or (rested and lines >= self.lines) or counter.quiet_for() > (12 if before else 60):
                break
            time.sleep(POLL)
        wall = counter.changed - running.begin
        usage = running.end(signal.SIGTERM)
        usage.wall = wall
        return usage

    def fail(self, status):
        with open(os.path.join(self.place, "errors"), "rb") as file:
            text = file.read()[-2000:].decode(errors="replace")
        sys.exit(f"compare: {self.arm.name} ended with status {status}: {text}")


def program(name, *arguments):
    return [sys.executable, os.path.join(PROGRAMS, name), *arguments]


def ours(executable, *options):
    return lambda source, output, state, interval: [
        executable, "run", "--from", source, "--to", output, "--state", state, "--quiet",
        "--commit-interval", f"{round(interval * 1000)}ms", *options]


def rsyslog(executable):
    def command(source, output, state, interval):
        os.makedirs(state, exist_ok=True)
        with open(os.path.join(PROGRAMS, "rsyslog.conf")) as file:
            text = file.read()
        for mark, value in (("STATE", state), ("OUTPUT", output), ("INPUT", source)):
            text = text.replace(f"@{mark}@", value)
        with open(os.path.join(state, "rsyslog.conf"), "w") as file:
            file.write(text)
        return [executable, "-n", "-iNONE", "-f", os.path.join(state, "rsyslog.conf")]
    return command


OURS_DURABILITY = "output and offsets are synced at every commit (every second; 100 ms in the kill test)"
FROM_OFFSET = "goes on at the last commit"
ANEW = "begins anew"


def make_recovery_store(state):
    os.mkdir(state)
    subprocess.run([sys.executable, "-m", "bytewax.recovery", state, "1"], check=True)


def bytewax_arms():
    def command(form):
        return lambda source, output, state, interval: program(
            "bytewax_flow.py", source, output, state, str(interval), form)
    text = "output synced after every batch of 1000 lines, recovery store at every snapshot (as ours)"
    def arm(name, form, group):
        return Arm(name, command(form), text, "goes on at the last snapshot", form=group, group=group,
                   prepare=make_recovery_store)

    arms = [arm("Bytewax, lines", "lines", "lines"), arm("Bytewax, CloudEvents", "events", "events")]
    if util.find_spec("cloudevents"):
        arms.append(arm("Bytewax, CloudEvents SDK", "sdk-events", "events"))
    return arms


def all_arms(executable):
    """The arms that can be run here, and what is missing for the others."""
    arms = [
        Arm("ours, lines", ours(executable), OURS_DURABILITY, FROM_OFFSET),
        Arm("ours, CloudEvents", ours(executable, "--format", "cloudevents"), OURS_DURABILITY, FROM_OFFSET,
            form="events", group="events"),
    ]
    missing = []
    if util.find_spec("bytewax"):
        arms += bytewax_arms()
    else:
        missing.append("Bytewax is left out: pip install bytewax orjson 'cloudevents>=2'")
    if util.find_spec("pathway"):
        arms.append(Arm(
            "Pathway, JSON Lines", lambda *places: program("pathway_flow.py", *places[:3], str(places[3])),
            "snapshots at the interval of ours; neither they nor the output are synced",
            "goes on at its snapshot, into an empty output", form="updates", ends_by_itself=False,
            empties_output=True))
    else:
        missing.append("Pathway is left out: pip install pathway")
    rsyslogd = shutil.which("rsyslogd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if rsyslogd:
        arms.append(Arm("rsyslog, lines", rsyslog(rsyslogd),
                        "written after every batch of about 1000 lines, not synced; its state every 10 000 lines, not synced",
                        "goes on at its state file", ends_by_itself=False))
    else:
        missing.append("rsyslog is left out: apt install rsyslog")
    arms += [
        Arm("Python loop with offsets", lambda source, output, state, interval: program(
            "loop_offsets.py", source, output, state, str(interval)),
            "output and offset synced at every commit (as ours)", "appends at the last offset"),
        Arm("Python loop", lambda source, output, *_: program("loop.py", source, output), "synced at the end", ANEW),
        Arm("cp, sync", lambda source, output, *_: ["sh", "-c", 'cp "$0" "$1" && sync "$1"', source, output],
            "synced at the end", ANEW),
    ]
    return arms, missing


def versions():
    """Name and version of every package that is compared with."""
    found = {}
    for package in ("bytewax", "pathway", "orjson", "cloudevents"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    return found
