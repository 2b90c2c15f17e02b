// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import OpenConnectFiles

/// Copies a hundred numbers into a file beside others of its kind:
/// `takeover-fixture DIRECTORY table|list|files [put|flush|-] [wait|takeOver]`.
///
/// With a step it freezes there once. With `files` its offsets are in a store of files, and the last argument says what it
/// does when that is in use. Ends with status 3 when it is fenced off, and with 4 when it could not claim its offsets.
@main
struct TakeoverFixture {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else { return exit(2, "DIRECTORY table|list|files [put|flush|-] [wait|takeOver]") }
        let freezer = Freezer(at: arguments.count > 3 ? Freezer.Step(rawValue: arguments[3]) : nil)
        let output = SharedFile(path: FileSystem.join(arguments[1], "output"))
        let offsets = FileSystem.join(arguments[1], "offsets")
        let store: any OffsetStore =
            arguments[2] == "files" ? FileOffsetStore(directory: offsets) : SharedStore(file: SharedFile(path: offsets))
        var options = DeliveryOptions()
        options.commitInterval = .milliseconds(5)
        options.maxUncommittedRecords = 5
        if arguments.count > 4 { options.claim = arguments[4] == "wait" ? .wait : .takeOver }
        let isTable = arguments[2] == "table"
        let pipeline = Pipeline(
            "numbers",
            from: NumberSource(),
            to: isTable
                ? SharedTable(file: output, freezer: freezer) : SharedList(file: output, freezer: freezer),
            offsets: store,
            options: options,
            observer: .events { if $0.kind == .claimWaiting { say("waiting") } }
        )
        do {
            try await pipeline.run()
        } catch let error as ConnectorError where error.code == .fenced {
            exit(3, error.message)
        } catch let error as ConnectorError where error.code == .retryable {
            exit(4, error.message)
        } catch {
            exit(1, "\(error)")
        }
    }

    private static func exit(_ status: Int32, _ message: String) {
        print(message)
        end(status)
    }
}

/// The numbers from 0 to 99, two at a time.
private actor NumberSource: Source {
    private var next: Int64 = 0

    func start(_ context: ConnectorContext) async throws {
        next = try await context.offset(of: .single)?.sequence.map { $0 + 1 } ?? 0
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        guard next < 100 else { return .end }
        defer { next += 2 }
        return SourceBatch((next...min(next + 1, 99)).map { ConnectorRecord(.text("\($0)"), offset: RecordOffset($0)) })
    }
}
