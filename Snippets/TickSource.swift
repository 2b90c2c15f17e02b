// SPDX-License-Identifier: Apache-2.0

// A source of one's own: it counts, and goes on where it was committed.

// snippet.show
import ConnectRuntimeKit
import FileConnector
import OpenConnect

actor TickSource: Source {
    private var next: Int64 = 0

    func start(_ context: ConnectorContext) async throws {
        if let last = try await context.offset(of: .single)?.sequence { next = last + 1 }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await Task.sleep(for: .milliseconds(100))
        defer { next += 1 }
        return SourceBatch([ConnectorRecord("tick \(next)", offset: RecordOffset(next))])
    }
}

let store = FileOffsetStore(directory: "state")
try await Pipeline("ticks", from: TickSource(), to: FileSink(path: "ticks.txt"), offsets: store).run()
