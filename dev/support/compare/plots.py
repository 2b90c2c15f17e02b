# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG that is the same for the same figures, and readable on light and on dark paper."""
import os

import growth

GRAY = "#7d7d7d"
OURS, OTHERS, LOSS = "#f05138", "#4a8ab8", "#b8860b"


def library():
    """matplotlib, or None where it is missing."""
    try:
        import matplotlib
    except ImportError:
        return None
    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.hashsalt": "openconnect", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10,
        "text.color": GRAY, "axes.labelcolor": GRAY, "axes.edgecolor": GRAY, "xtick.color": GRAY, "ytick.color": GRAY,
        "axes.spines.top": False, "axes.spines.right": False, "grid.color": GRAY, "grid.alpha": 0.3,
    })
    import matplotlib.pyplot
    return matplotlib.pyplot


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
    # Without spaces at the ends of lines, which `git diff --check` reports.
    with open(path) as file:
        lines = [line.rstrip() + "\n" for line in file]
    with open(path, "w") as file:
        file.writelines(lines)


def bars(pyplot, path, title, label, rows, logarithmic=True):
    """Horizontal bars; a row is a name, a value, the text behind the bar, and whether it is ours."""
    figure, axes = pyplot.subplots(figsize=(8, 0.9 + 0.34 * len(rows)))
    positions = range(len(rows))
    axes.barh(positions, [row[1] for row in rows], color=[OURS if row[3] else OTHERS for row in rows], height=0.62)
    axes.set_yticks(positions, [row[0] for row in rows])
    axes.invert_yaxis()
    if logarithmic:
        axes.set_xscale("log")
        axes.set_xlim(min(row[1] for row in rows) / 2, max(row[1] for row in rows) * 4)
    else:
        axes.set_xlim(0, max([row[1] for row in rows] + [1]) * 1.3)
    for position, row in zip(positions, rows):
        axes.annotate(row[2], (row[1], position), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel(label)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    save(figure, path)
    pyplot.close(figure)


def draw_comparison(directory, results, killed, codec, grown, lines):
    """Four plots. Returns the names of those that were drawn."""
    pyplot = library()
    if pyplot is None:
        return []
    names = []

    def draw(name, *arguments, **options):
        bars(pyplot, os.path.join(directory, name), *arguments, **options)
        names.append(name)

    rows = [(name, result.median("cpu") * 1e6 / lines, f"{result.median('cpu') * 1e6 / lines:.2f} s",
             name.startswith("ours")) for name, result in results.items()]
    draw("Comparison-cpu.svg", "CPU seconds for a million lines, from file to file", "seconds (logarithmic)", rows)
    rows = []
    for result in killed:
        wrong = result.outcome.lost + result.outcome.repeated + result.outcome.damaged
        rows.append((result.arm.name, wrong / result.kills, f"{wrong / result.kills:,.0f}",
                     result.arm.name.startswith("ours")))
    if rows:
        draw("Comparison-kills.svg", "Lines lost, repeated or damaged, for each kill -9", "lines", rows,
             logarithmic=False)
    rows = []
    for name, line in codec.items():
        other = line["sdk_ns" if line["baseline"] == "sdk" else "orjson_ns"]
        rows += [(f"ours, {name.split('/')[0]}", line["ours_ns"], f"{line['ours_ns']:,.0f} ns", True),
                 (f"{line['baseline']}, {name.split('/')[0]}", other, f"{other:,.0f} ns", False)]
    if rows:
        draw("Comparison-codec.svg", "CloudEvents in JSON: nanoseconds per event", "ns (logarithmic)", unique(rows))
    names.append(growth.draw(pyplot, save, os.path.join(directory, "Growth.svg"), grown, OURS))
    return names


def unique(rows):
    """The first row of each name: ours takes part in several comparisons."""
    seen = {}
    for row in rows:
        seen.setdefault(row[0], row)
    return list(seen.values())
