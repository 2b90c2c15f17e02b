// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Foreign receivers get events", .timeLimit(.minutes(3)))
struct ForeignReceiverTests {
    @Test("The CloudEvents SDK for Python reads what the sink sends", arguments: ["binary", "structured"])
    func python(mode: String) async throws {
        let directory = try TemporaryDirectory()
        try directory.write((0..<20).map { "grüße \($0)\n" }.joined(), to: "in")
        try await withChildProcess(PythonPeer.command(PythonPeer.receiver, [])) { python in
            let port = try await firstLine(of: python)
            let process = try ConnectorProcess(
                """
                { "offsets": { "type": "memory" },
                  "pipelines": { "out": {
                    "source": { "type": "file", "path": "\(directory["in"])" },
                    "sinks": [ { "type": "http", "url": "http://127.0.0.1:\(port)/", "mode": "\(mode)" } ] } } }
                """,
                in: directory
            )
            let result = try await process.command.run()
            #expect(result.exit == .exited(0), "\(result.standardError)")
            let events = try python.standardOutput.split(separator: "\n").dropFirst().map { line in
                try RecordData.json(SharedBytes(utf8: String(line))).structured
            }
            #expect(events.count == 20)
            for (index, event) in events.enumerated() {
                guard case .object(let event) = event, case .object(let attributes)? = event["attributes"] else {
                    Issue.record("no object: \(event)")
                    continue
                }
                #expect(event["data"] == .string("grüße \(index)"))
                #expect(attributes["type"] == .string("org.openconnect.file.line"))
                #expect(attributes["source"] == .string("file://\(directory["in"])"))
                #expect(attributes["datacontenttype"] == .string("text/plain"))
            }
        }
    }

    private func firstLine(of child: ChildProcess) async throws -> String {
        while child.exit == nil {
            let output = child.standardOutput
            if output.contains("\n") { return String(output.prefix { $0 != "\n" }) }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw ConnectorProcessError(description: child.standardError)
    }
}
