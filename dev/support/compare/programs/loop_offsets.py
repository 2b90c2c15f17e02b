# SPDX-License-Identifier: Apache-2.0
"""Copies the lines of a file and saves, at every interval, how far it has come: first the output, then the offset."""
import os, sys, time

source_path, output_path, state, interval = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])


def save(output, offset):
    output.flush()
    os.fsync(output.fileno())
    with open(state + ".new", "w") as file:
        file.write(str(offset))
        file.flush()
        os.fsync(file.fileno())
    os.replace(state + ".new", state)


offset = int(open(state).read()) if os.path.exists(state) else 0
with open(source_path, "rb") as source, open(output_path, "ab") as output:
    source.seek(offset)
    due = time.monotonic() + interval
    for number, line in enumerate(source):
        output.write(line)
        offset += len(line)
        if number % 1000 == 0 and time.monotonic() >= due:
            save(output, offset)
            due = time.monotonic() + interval
    save(output, offset)
