# SPDX-License-Identifier: Apache-2.0
"""Copies lines with Bytewax and its recovery, as they are or as CloudEvents in JSON.

Arguments: input, output, recovery directory, seconds between snapshots, and `lines`, `events`, or `sdk-events` for those
that the CloudEvents SDK makes.
"""
import sys
from datetime import timedelta

import bytewax.operators as op
from bytewax.connectors.files import FileSink, FileSource
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

try:
    from orjson import dumps
except ImportError:
    import json

    def dumps(value):
        return json.dumps(value, separators=(",", ":")).encode()

BATCH = 1000


class LinesWithOffsets(StatefulSourcePartition):
    """The lines with the byte at which each begins, which the events name."""

    def __init__(self, path, resume_state):
        self.file = open(path, "rb")
        self.offset = resume_state or 0
        self.file.seek(self.offset)

    def next_batch(self):
        lines = []
        for _ in range(BATCH):
            line = self.file.readline()
            if not line:
                break
            lines.append((self.offset, line))
            self.offset += len(line)
        if not lines:
            raise StopIteration()
        return lines

    def snapshot(self):
        return self.offset

    def close(self):
        self.file.close()


class OffsetSource(FixedPartitionedSource):
    def __init__(self, path):
        self.path = path

    def list_parts(self):
        return [self.path]

    def build_part(self, step_id, for_part, resume_state):
        return LinesWithOffsets(for_part, resume_state)


def attributes(uri, offset):
    return {
        "specversion": "1.0", "id": f"{uri}-{offset}", "source": uri, "type": "org.openconnect.file.line",
        "subject": str(offset), "datacontenttype": "text/plain",
    }


def event(uri, offset, line):
    return dumps(attributes(uri, offset) | {"data": line.rstrip(b"\n").decode()}).decode()


def sdk_event():
    """As `event`, by the CloudEvents SDK, which checks the attributes and adds the time."""
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent
    write = JSONFormat().write
    return lambda uri, offset, line: write(
        CloudEvent(attributes(uri, offset), line.rstrip(b"\n").decode())).decode()


def main(source, output, recovery, interval, form):
    flow = Dataflow("copy")
    if form == "lines":
        read = op.input("in", flow, FileSource(source, batch_size=BATCH))
        keyed = op.flat_map_batch("key", read, lambda lines: [("0", line) for line in lines])
    else:
        uri = "file://" + source
        make = event if form == "events" else sdk_event()
        read = op.input("in", flow, OffsetSource(source))
        keyed = op.flat_map_batch(
            "event", read, lambda lines: [("0", make(uri, offset, line)) for offset, line in lines])
    op.output("out", keyed, FileSink(output))
    # What `python -m bytewax.run` calls; its option -s knows whole seconds only.
    cli_main(flow, epoch_interval=timedelta(seconds=float(interval)),
             recovery_config=RecoveryConfig(recovery, backup_interval=timedelta(0)))


main(*sys.argv[1:])
