// SPDX-License-Identifier: Apache-2.0

// Runs several pipelines in one process, and stops all of them at a deadline.

// snippet.show
import ConnectRuntimeKit
import FileConnector
import OpenConnect

let store = FileOffsetStore(directory: "state")
let pipelines = ["orders", "invoices"].map { name in
    Pipeline(name, from: FileSource(paths: ["\(name).jsonl"]), to: FileSink(path: "\(name).copy"), offsets: store)
}

var options = RuntimeOptions()
options.restart = RestartPolicy(firstDelay: .seconds(1), maxDelay: .seconds(60), maxRestarts: 5)
options.stallLimit = .seconds(30)

let runtime = try ConnectRuntime(
    pipelines,
    options: options,
    observer: .events { print($0.level, $0.message) }
)
try await withThrowingTaskGroup { group in
    group.addTask { try await runtime.run() }
    try await runtime.pause("invoices")
    print(runtime.health)
    try await runtime.resume("invoices")
    try await runtime.stop(within: .seconds(60))
    try await group.waitForAll()
}
