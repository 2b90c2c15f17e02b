// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import OpenConnectFiles
import Synchronization

/// What an application has written.
final class Transcript: Sendable {
    private let texts = Mutex((output: "", diagnostics: ""))
    private let status = Mutex<ApplicationStatus?>(nil)
    /// The status with which the process would have ended.
    var abandoned: ApplicationStatus? { status.withLock(\.self) }

    var output: String { texts.withLock(\.output) }
    var diagnostics: String { texts.withLock(\.diagnostics) }

    var console: ApplicationConsole {
        ApplicationConsole(
            output: { text in self.texts.withLock { $0.output += text } },
            diagnostics: { text in self.texts.withLock { $0.diagnostics += text } },
            abandon: { status in self.status.withLock { $0 = status } },
            // Those of the test process stay as they are: its children would inherit that they are ignored.
            watchSignals: {
                SignalWatch(
                    AsyncStream {
                        try? await Task.sleep(for: .seconds(1_000_000)); return nil
                    }
                )
            }
        )
    }
}

/// Runs an application with the types of the tests, and a configuration in a file.
///
/// - Parameter arguments: `CONFIG` stands for the path of the configuration.
func runApplication(
    _ arguments: String,
    configuration: String = "{}",
    in directory: String,
    variables: [String: String] = [:]
) async throws -> (status: ApplicationStatus, transcript: Transcript) {
    let path = FileSystem.join(directory, "config.json")
    try FileDescriptor(path, [.writing, .creating, .truncating]).write(Array(configuration.utf8))
    let transcript = Transcript()
    let references = SettingReferences(variable: { variables[$0] }, file: { try String(textOfFile: $0, atMost: 100) })
    let application = ConnectorApplication(
        name: "tested",
        version: "1.2.3",
        console: transcript.console,
        references: references
    ) { registry in
        registry.register(VaultSink.self)
        registry.register(WordFilter.self)
    }
    let words = arguments.split(separator: " ").map { String($0).replacing("CONFIG", with: path) }
    return (await application.run(words), transcript)
}
