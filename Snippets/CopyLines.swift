// SPDX-License-Identifier: Apache-2.0

// Turns the lines of two logs into events, one in a line, and follows the logs as they grow and are rotated.

// snippet.show
import ConnectRuntimeKit
import FileConnector

let pipeline = Pipeline(
    "logs",
    from: FileSource(paths: ["app.log", "access.log"], options: FileSource.Options(follow: true)),
    to: FileSink(path: "logs.jsonl", format: .cloudEvents),
    offsets: FileOffsetStore(directory: "state")
)
try await pipeline.run()
