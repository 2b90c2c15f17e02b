// SPDX-License-Identifier: Apache-2.0

// Keeps what the sink rejects in a file, and delivers it when the cause is gone.

// snippet.show
import ConnectRuntimeKit
import FileConnector

var options = DeliveryOptions()
options.onError = .deadLetter.limited(to: ErrorTolerance.Limit(10, ofLast: 1000))

let pipeline = Pipeline(
    "orders",
    from: FileSource(paths: ["orders.jsonl"]),
    to: FileSink(path: "accepted.jsonl", format: .cloudEvents),
    offsets: FileOffsetStore(directory: "state"),
    deadLetters: .store(FileDeadLetterStore(path: "dead.jsonl")),
    options: options
)
try await pipeline.run()

let counts = try await pipeline.redrive(DeadLetterSelection(errorCode: "invalidRecord", limit: 100))
print("\(counts.delivered) delivered, \(counts.failedAgain) failed again")
