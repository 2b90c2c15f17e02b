// SPDX-License-Identifier: Apache-2.0

// Looks at the stored offsets of a pipeline that does not run, and changes them.

// snippet.show
import ConnectRuntimeKit
import FileConnector
import OpenConnect

let pipeline = Pipeline(
    "orders",
    from: GeneratorSource(count: 1000, partitions: 2),
    to: FileSink(path: "orders.txt"),
    offsets: FileOffsetStore(directory: "state")
)
for stored in try await pipeline.offsets().positions { print(stored.position) }

let first = RecordPartition("0")
try await pipeline.editOffsets([first: RecordOffset(41)])
try await pipeline.resetOffsets([RecordPartition("1")])
// snippet.hide
