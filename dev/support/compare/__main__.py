# SPDX-License-Identifier: Apache-2.0
"""Measures ours beside others and writes Documentation/Comparison.md. Started by dev/compare."""
import argparse, os, random, sys, tempfile, time

import arms as arms_module
import codec
import growth
import kills
import machine
import plots
import report
import throughput

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connector", required=True)
    parser.add_argument("--benches", required=True)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default=os.path.join(ROOT, "Documentation"))
    return parser.parse_args()


def main():
    arguments = options()
    rounds = arguments.rounds or (1 if arguments.quick else 5)
    lines = 200_000 if arguments.quick else 500_000
    wanted_kills = 5 if arguments.quick else 10
    begin = time.monotonic()

    def say(text):
        print(f"[{time.monotonic() - begin:4.0f} s] {text}", file=sys.stderr, flush=True)

    arms, missing = arms_module.all_arms(arguments.connector)
    with tempfile.TemporaryDirectory(prefix="openconnect-compare-") as directory:
        facts = machine.describe(directory)
        results, again, size = throughput.measure(arms, directory, lines, rounds, say)
        source = random.Random(arguments.seed)
        killed = [kills.measure(arm, directory, lines / results[arm.name].median("wall"), wanted_kills, source, say)
                  for arm in arms]
    codec_lines, missing_codec = codec.measure(ROOT, os.path.join(arguments.benches, "codec-bench"), rounds)
    say("the codec is measured")
    grown = growth.measure(os.path.join(arguments.benches, "runner-bench"), min(rounds, 2), say)
    noise = {name: throughput.ratio(again, results[arms[0].name], name) for name in ("cpu", "wall")}
    os.makedirs(arguments.output, exist_ok=True)
    drawn = plots.draw_comparison(arguments.output, results, killed, codec_lines, grown, lines)
    missing += missing_codec + ([] if drawn else ["plots are left out: pip install matplotlib"])
    with open(os.path.join(HERE, "Comparison.md.template")) as file:
        template = file.read().split("\n", 1)[1]  # without the license header
    text = report.document(template, facts, machine.versions(arms_module.versions()), noise, rounds, results, lines, size,
                           killed, codec_lines, grown, drawn, missing)
    with open(os.path.join(arguments.output, "Comparison.md"), "w") as file:
        file.write(text)
    if os.path.samefile(arguments.output, os.path.join(ROOT, "Documentation")):
        if not report.write_readme(os.path.join(ROOT, "README.md"),
                                   report.essence(facts, noise, results, lines, killed, drawn)):
            say("the README has no marks for the comparison")
    for line in missing:
        print(line, file=sys.stderr)
    say("written to " + arguments.output)


main()
