# SPDX-License-Identifier: Apache-2.0
"""The figures as Markdown: Documentation/Comparison.md, and the section of the README that has some of its lines."""
import os, re

import growth
from codec import NAMES
from throughput import ratio

BEGIN, END = "<!-- comparison: begin, written by dev/compare -->", "<!-- comparison: end -->"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def spread(values, digits=2):
    middle, least, most = values
    return f"{middle:.{digits}f} ({least:.{digits}f}–{most:.{digits}f})"


def counted(number):
    return f"{number:,}" if number else "0"


def shortened(name, value):
    """Of a kernel its version, major and minor: what follows says more about a provider than about the figures."""
    return re.sub(r"^(\S+ \d+\.\d+).*", r"\1", value) if name == "kernel" else value


def about(facts, versions, noise, rounds):
    rows = [(name, shortened(name, value)) for name, value in facts.items()]
    rows.append(("versions", ", ".join(f"{name} {version}" for name, version in versions.items())))
    rows.append(("rounds", rounds))
    rows.append(("noise: ours over ours again, CPU", spread(noise["cpu"])))
    rows.append(("noise: ours over ours again, wall time", spread(noise["wall"])))
    return table(("", ""), rows)


def per_million(lines):
    """How seconds for a million lines come from those of a run."""
    often = "twice" if lines * 2 == 1_000_000 else f"{1e6 / lines:g} times"
    return f"those of a run of {lines:,} lines times {1e6 / lines:g}, so that the start of a program counts {often}"


KEPT = ("¹ Pathway empties its output file at every start. What a run had written is kept aside before the next one begins, and "
        "counts: the figures are of all these files together, and not of the one that is there at the end.")


def repeated(result):
    return counted(result.outcome.repeated) + (" ¹" if result.arm.empties_output else "")


def kept(killed):
    return KEPT if any(result.arm.empties_output for result in killed) else ""


def order(count, form):
    """Pathway promises no order, so that none is counted."""
    return "no order" if form == "updates" else counted(count)


def throughput_table(results, lines):
    rows = []
    for name, result in results.items():
        base = results["ours, CloudEvents" if result.arm.group == "events" else "ours, lines"]
        low, high = result.spread("cpu")
        rows.append((
            name, f"{result.median('cpu'):.2f} ({low:.2f}–{high:.2f})", f"{result.median('wall'):.2f}",
            f"{max(usage.peak for usage in result.usages):.0f}", f"{lines / result.median('cpu'):,.0f}",
            "1" if result is base else spread(ratio(result, base, "cpu"), 1),
            "yes" if result.outcome.is_exact else
            ("yes, in another order" if not any((result.outcome.lost, result.outcome.repeated,
                                                 result.outcome.damaged)) else "no")))
    return table(("", "CPU, s", "wall, s", "peak, MB", "lines per CPU s", "CPU over ours", "output complete"), rows)


def kills_table(killed):
    return table(
        ("", "lines", "kills", "lost", "repeated", "out of order", "damaged", "after a kill it"),
        [(result.arm.name, f"{result.lines:,} × {result.runs}", result.kills, counted(result.outcome.lost),
          repeated(result), order(result.outcome.out_of_order, result.arm.form),
          counted(result.outcome.damaged), result.arm.resumes) for result in killed])


def codec_table(codec):
    rows = []
    for name, line in codec.items():
        other = line["sdk_ns" if line["baseline"] == "sdk" else "orjson_ns"]
        rows.append((NAMES[name][0], f"{line['ours_ns']:,.0f}", NAMES[name][1], f"{other:,.0f}",
                     spread((line["ratio"], line["min"], line["max"]), 3),
                     spread((line["noise"]["ratio"], line["noise"]["min"], line["noise"]["max"]))))
    return table(("", "ours, ns", "beside", "its ns", "ours over it", "noise: it over itself"), rows)


def images(names, prefix=""):
    alternatives = {"Comparison-cpu.svg": "CPU seconds for a million lines", "Comparison-kills.svg":
                    "lines lost, repeated or damaged for each kill", "Comparison-codec.svg": "nanoseconds per event",
                    "Growth.svg": "records per second, CPU and memory by pipelines and by partitions"}
    return {name: f"![{alternatives[name]}]({prefix}{name})" for name in names}


def document(template, facts, versions, noise, rounds, results, lines, size, killed, codec, grown, plots, missing):
    """Fills the places of the template; what was not measured says why."""
    pictures = images(plots)
    durability = table(("", "what is durable, and when"), [(name, r.arm.durability) for name, r in results.items()])
    places = {
        "ABOUT": about(facts, versions, noise, rounds),
        "MISSING": "\n".join(f"- {line}" for line in missing) or "Nothing was left out.",
        "INPUT": f"{lines:,} lines, {size / 1e6:.0f} MB",
        "THROUGHPUT": throughput_table(results, lines),
        "CPU_PLOT": pictures.get("Comparison-cpu.svg", ""),
        "PER_MILLION": per_million(lines),
        "DURABILITY": durability,
        "KILLS": kills_table(killed),
        "KEPT": kept(killed),
        "KILLS_PLOT": pictures.get("Comparison-kills.svg", ""),
        "CODEC": codec_table(codec) if codec else "Not measured.",
        "CODEC_PLOT": pictures.get("Comparison-codec.svg", ""),
        "GROWTH": table(("", "records per second", "CPU per record, ns", "peak, MB"), growth.table_rows(grown)),
        "GROWTH_PLOT": pictures.get("Growth.svg", ""),
    }
    for name, text in places.items():
        template = template.replace(f"@{name}@", text)
    return re.sub(r"\n{3,}", "\n\n", template)


def essence(facts, noise, results, lines, killed, plots):
    """The lines for the README."""
    after = {result.arm.name: result for result in killed}
    rows = []
    for name, result in results.items():
        kill = after.get(name)
        rows.append((name, f"{result.median('cpu') * 1e6 / lines:.2f}", f"{result.median('wall') * 1e6 / lines:.2f}",
                     f"{max(usage.peak for usage in result.usages):.0f}",
                     *((kill.kills, counted(kill.outcome.lost), repeated(kill)) if kill else ("–",) * 3)))
    head = ("file to file", "CPU, s per million lines", "wall, s per million", "peak, MB", "`kill -9`", "lost", "repeated")
    picture = images(plots, "Documentation/").get("Comparison-cpu.svg", "")
    text = (f"Measured in the same minutes on {facts['date'][:10]} ({facts['processor']}); what is lost and repeated is "
            f"the sum over all kills. Noise, our arm over itself: {spread(noise['cpu'])} in CPU, {spread(noise['wall'])} in "
            f"wall time. Seconds per million lines are {per_million(lines)}.")
    return "\n\n".join(part for part in (text, table(head, rows), kept(killed), picture) if part) + "\n"


def write_readme(path, text):
    """Replaces what stands between the two marks."""
    with open(path) as file:
        readme = file.read()
    begin, end = readme.find(BEGIN), readme.find(END)
    if begin < 0 or end < begin:
        return False
    with open(path + ".new", "w") as file:
        file.write(readme[:begin] + BEGIN + "\n" + text.strip() + "\n" + readme[end:])
    os.replace(path + ".new", path)
    return True
