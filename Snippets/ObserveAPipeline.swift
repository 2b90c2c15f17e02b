// SPDX-License-Identifier: Apache-2.0

// Prints what an operator should know.

// snippet.show
import ConnectRuntimeKit
import FileConnector
import OpenConnect

let pipeline = Pipeline(
    "orders",
    from: FileSource(paths: ["orders.jsonl"]),
    to: FileSink(path: "orders.copy"),
    offsets: FileOffsetStore(directory: "state"),
    observer: .events { event in
        print(event.level, event.kind, event.message)
    }
)
try await pipeline.run()
