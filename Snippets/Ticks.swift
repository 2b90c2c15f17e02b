// SPDX-License-Identifier: Apache-2.0
// An executable with a source of its own, the file sink, and the whole command line.
// snippet.show
import ConnectRuntimeKit
import FileConnector
import OpenConnect

actor TickSource: Source {
    private let interval: Duration
    private var next: Int64 = 0

    init(every interval: Duration) { self.interval = interval }

    func start(_ context: ConnectorContext) async throws {
        if let last = try await context.offset(of: .single)?.sequence { next = last + 1 }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await Task.sleep(for: interval)
        defer { next += 1 }
        return SourceBatch([ConnectorRecord("tick \(next)", offset: RecordOffset(next))])
    }
}

extension TickSource: ConfigurableConnector {
    static let type = "ticks"
    static let every = Setting<Duration>("every", "Time between two ticks.", default: .seconds(1))
    static var settings: SettingGroup { SettingGroup(every) }
    init(_ values: SettingValues) throws { self.init(every: values[Self.every]) }
}

@main
struct Ticks {
    static func main() async {
        await ConnectorApplication(name: "ticks", version: "1.0.0") { registry in
            registry.register(TickSource.self)
            registry.register(FileSink.self)
        }.main()
    }
}
