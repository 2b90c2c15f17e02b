# SPDX-License-Identifier: Apache-2.0
"""Where and when something was measured."""
import os, platform, re, subprocess
from datetime import datetime, timezone


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def processor():
    with open("/proc/cpuinfo") as file:
        match = re.search(r"model name\s*:\s*(.*)", file.read())
    return match[1] if match else platform.machine()


def describe(directory):
    """Lines about the machine; the load says whether it was quiet."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{processor()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB",
        "kernel": f"{platform.system()} {platform.release()}",
        "file system": output("findmnt", "-no", "FSTYPE", "-T", directory) or "unknown",
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def versions(packages):
    found = {"Swift": re.sub(r".*Swift version ([\d.]+).*", r"\1", output("swift", "--version").split("\n")[0]),
             "Python": platform.python_version(), **packages}
    rsyslog = re.search(r"rsyslogd\s+([\d.]+)", output("rsyslogd", "-v") or output("/usr/sbin/rsyslogd", "-v"))
    if rsyslog:
        found["rsyslog"] = rsyslog[1]
    cp = re.search(r"([\d.]+)$", output("cp", "--version").split("\n")[0])
    if cp:
        found["cp (coreutils)"] = cp[1]
    return found
