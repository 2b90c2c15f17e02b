// SPDX-License-Identifier: Apache-2.0

/// Lines and a line of progress on one terminal: a line takes the place of the progress, which is written again below.
package final class DiagnosticLines: Sendable {
    private let write: @Sendable (String) -> Void
    private let progress = Lock("")

    package init(_ console: ApplicationConsole) { write = console.diagnostics }

    package func add(_ line: String) {
        // Written inside the lock: lines of several tasks come one after the other.
        progress.withLock { progress in
            write((progress.isEmpty ? "" : Self.erase) + line + "\n" + progress)
        }
    }

    package func show(progress text: String) {
        progress.withLock { progress in
            write(Self.erase + text)
            progress = text
        }
    }

    package func endProgress() {
        progress.withLock { progress in
            if !progress.isEmpty { write(Self.erase) }
            progress = ""
        }
    }

    private static let erase = "\r\u{1B}[K"
}
