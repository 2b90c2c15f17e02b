// SPDX-License-Identifier: Apache-2.0

// Runs beside an equal, and goes on where that one stops.

// snippet.show
import ConnectRuntimeKit
import FileConnector
import OpenConnect

var options = DeliveryOptions()
options.claim = .wait

let pipeline = Pipeline(
    "orders",
    from: FileSource(paths: ["orders.jsonl"]),
    to: FileSink(path: "accepted.jsonl", format: .cloudEvents),
    offsets: FileOffsetStore(directory: "state"),
    options: options,
    observer: .events { if $0.kind == .claimWaiting { print($0.message) } }
)
try await pipeline.run()
