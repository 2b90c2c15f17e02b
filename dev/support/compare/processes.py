# SPDX-License-Identifier: Apache-2.0
"""Runs programs in process groups of their own, measures them, and ends them."""
import os, signal, subprocess, threading, time
from dataclasses import dataclass

SAMPLING = 0.01


@dataclass
class Usage:
    cpu: float
    wall: float
    peak: float  # MB
    status: int


class Running:
    """A program, and what it and its children use."""

    def __init__(self, command, errors, environment=None):
        self.begin = time.monotonic()
        self.errors = open(errors, "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors,
                                        env=environment, start_new_session=True)
        self.peak = 0
        self.ended = threading.Event()
        self.sampler = threading.Thread(target=self.sample)
        self.sampler.start()

    def sample(self):
        """The high-water mark of resident memory. `ru_maxrss` would begin with that of this program."""
        while True:
            self.peak = max(self.peak, sum(high_water_mark(pid) for pid in family(self.process.pid)))
            if self.ended.wait(SAMPLING):
                return

    def has_ended(self):
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self):
        """Waits for the end. What it returns includes children that were waited for."""
        _, status, usage = os.wait4(self.process.pid, 0)
        wall = time.monotonic() - self.begin
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.ended.set()
        self.sampler.join()
        self.errors.close()
        return Usage(usage.ru_utime + usage.ru_stime, wall, self.peak / 1024, self.process.returncode)

    def end(self, number):
        """Sends a signal to this program and its children, which are a process group of their own."""
        os.killpg(self.process.pid, number)
        return self.wait()

    def kill(self):
        return self.end(signal.SIGKILL)


def family(pid):
    members = [pid]
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            members += [int(child) for child in file.read().split()]
    except OSError:
        pass
    return members


def high_water_mark(pid):
    """In KB; 0 where the process is gone."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


class LineCounter:
    """Counts the lines of a file that grows, or is begun anew."""

    def __init__(self, path):
        self.path, self.offset, self.lines = path, 0, 0
        self.changed = time.monotonic()

    def count(self):
        size = os.path.getsize(self.path) if os.path.exists(self.path) else 0
        if size < self.offset:
            self.offset = self.lines = 0
        if size > self.offset:
            self.changed = time.monotonic()
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                while block := file.read(1 << 20):
                    self.lines += block.count(b"\n")
                    self.offset += len(block)
        return self.lines

    def quiet_for(self):
        return time.monotonic() - self.changed
