# SPDX-License-Identifier: Apache-2.0
"""What one process of ours does with more and more pipelines and partitions, as runner-bench measures it."""
import json, os, statistics, subprocess, sys

CASES = [f"growth/pipelines-{count}" for count in (1, 10, 100)] + [
    f"growth/partitions-{count}" for count in (1, 100, 10_000, 1_000_000)]


def once(executable, name):
    """Each case in a process of its own: its peak of memory is that of the process."""
    result = subprocess.run([executable, "1", name + "/"], stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"compare: runner-bench failed at {name}")
    return json.loads(result.stdout)


def measure(executable, rounds, say):
    """By name, a list of lines, one of each round; the cases alternate."""
    found = {name: [] for name in CASES}
    for number in range(rounds):
        for name in CASES:
            found[name].append(once(executable, name))
        say(f"growth: round {number + 1} of {rounds}")
    return found


def median(lines, field):
    return statistics.median(line[field] for line in lines)


def table_rows(found):
    rows = []
    for name, lines in found.items():
        rates = [line["records_per_s"] for line in lines]
        rows.append((name.split("/")[1].split("-")[0][:-1] + "s: " + f"{int(name.split('-')[1]):,}",
                     f"{median(lines, 'records_per_s'):,.0f} ({min(rates):,}–{max(rates):,})",
                     f"{1e9 / median(lines, 'records_per_cpu_s'):,.0f}", max(line["rss_mb"] for line in lines)))
    return rows


def draw(pyplot, save, path, found, color):
    """Records per second, CPU per record and memory, over pipelines and over partitions."""
    figures = (("records_per_s", "million records/s", lambda value: value / 1e6),
               ("records_per_cpu_s", "CPU per record, ns", lambda value: 1e9 / value),
               ("rss_mb", "memory, MB", lambda value: value))
    figure, axes = pyplot.subplots(2, 3, figsize=(9, 5.2))
    for row, kind in zip(axes, ("pipelines", "partitions")):
        series = [(int(name.split("-")[1]), lines) for name, lines in found.items() if f"/{kind}-" in name]
        for axis, (field, label, scale) in zip(row, figures):
            values = [[scale(line[field]) for line in lines] for _, lines in series]
            counts = [count for count, _ in series]
            axis.plot(counts, [statistics.median(value) for value in values], marker="o", color=color)
            axis.fill_between(counts, [min(value) for value in values], [max(value) for value in values],
                              color=color, alpha=0.2, linewidth=0)
            axis.set_xscale("log")
            if kind == "partitions":
                axis.set_yscale("log")
            else:
                axis.set_ylim(0, 1.15 * max(max(value) for value in values))
            axis.set_title(label, fontsize=10, loc="left")
            axis.set_xlabel(kind)
            axis.grid(True)
    save(figure, path)
    pyplot.close(figure)
    return os.path.basename(path)
