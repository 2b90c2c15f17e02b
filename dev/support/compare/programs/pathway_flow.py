# SPDX-License-Identifier: Apache-2.0
"""Copies the lines of a file with Pathway and its persistence, as JSON Lines, the nearest of its formats.

Arguments: input, output, state directory, seconds between snapshots. It does not end by itself.
"""
import sys

import pathway as pw

source, output, state, interval = sys.argv[1], sys.argv[2], sys.argv[3], int(float(sys.argv[4]) * 1000)
lines = pw.io.plaintext.read(source, mode="streaming", autocommit_duration_ms=interval, name="lines")
pw.io.jsonlines.write(lines, output)
pw.run(
    monitoring_level=pw.MonitoringLevel.NONE,
    persistence_config=pw.persistence.Config(
        pw.persistence.Backend.filesystem(state), snapshot_interval_ms=interval),
)
