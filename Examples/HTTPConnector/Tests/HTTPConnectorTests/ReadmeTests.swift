// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import HTTPConnector
import Testing

/// What the README shows in Swift; `dev/docs` compares it.
@Suite("The README's pipelines")
struct ReadmeTests {
    @Test("They can be made")
    func pipelines() throws {
        var options = DeliveryOptions()
        options.onError = .deadLetter.limited(to: ErrorTolerance.Limit(100, ofLast: 1000))
        let receiving = Pipeline(
            "in",
            from: HTTPSource(listen: .host("127.0.0.1", port: 8080)),
            to: FileSink(path: "events.jsonl", format: .cloudEvents),
            offsets: FileOffsetStore(directory: "state"),
            deadLetters: .store(FileDeadLetterStore(path: "dead.jsonl")),
            options: options
        )
        let sending = Pipeline(
            "out",
            from: FileSource(paths: ["orders.jsonl"]),
            to: try HTTPSink(url: "https://events.example.com/orders", options: HTTPSink.Options(concurrency: 32)),
            offsets: FileOffsetStore(directory: "state")
        )
        #expect(receiving.name == "in" && sending.name == "out")
    }
}
