// SPDX-License-Identifier: Apache-2.0

// Waits for what a running pipeline has delivered and committed.

// snippet.show
import ConnectRuntimeKit
import OpenConnect

let (input, output) = (InMemoryLog(), InMemoryLog())
let pipeline = Pipeline(
    "copy",
    from: InMemorySource(input),
    to: InMemorySink(output),
    offsets: InMemoryOffsetStore()
)
try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await pipeline.run() }
    input.append("first")
    let received = try await output.waitForCount(1)
    print(received[0].data.text ?? "")
    try await input.waitForCommit()
    pipeline.stop()
    try await group.waitForAll()
}
