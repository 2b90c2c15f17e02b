// SPDX-License-Identifier: Apache-2.0

// An application feeds a pipeline itself, and hears of each record when it is committed.

// snippet.show
import ConnectRuntimeKit
import FileConnector
import OpenConnect

let queue = PushQueue()
let pipeline = Pipeline(
    "requests",
    from: queue,
    to: FileSink(path: "requests.txt", append: true)
)

try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
        let acknowledgement = try await queue.deliver(ConnectorRecord("a request"))
        print(acknowledgement.outcome)
        pipeline.stop()
    }
    // Where it throws, the group cancels whoever still waits for an acknowledgement.
    try await pipeline.run()
}
