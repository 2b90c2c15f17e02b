// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Ends a process that does not come to its end, from threads that no task holds up: not even one that writes into a
/// pipe that nobody reads.
final class ExitWatchdog: Sendable {
    private let console: ApplicationConsole
    private let lines: DiagnosticLines
    private let lastArmed = Lock(UInt64(0))

    /// How long the last words may take.
    private static let patience = Duration.seconds(1)

    init(_ console: ApplicationConsole, _ lines: DiagnosticLines) {
        self.console = console
        self.lines = lines
    }

    /// Ends the process after a time, unless it is disarmed or armed again before.
    ///
    /// - Parameter lastWords: what is written then.
    func arm(after time: Duration, _ lastWords: @escaping @Sendable () -> String) {
        let armed = step()
        DispatchQueue(label: "exit").asyncAfter(deadline: .now() + max(time, .zero) / .seconds(1)) { [weak self] in
            guard let self, lastArmed.withLock({ $0 == armed }) else { return }
            end(saying: lastWords)
        }
    }

    func disarm() { step() }

    @discardableResult
    private func step() -> UInt64 {
        lastArmed.withLock { last in
            last += 1
            return last
        }
    }

    private func end(saying lastWords: @escaping @Sendable () -> String) {
        let said = DispatchSemaphore(value: 0)
        DispatchQueue(label: "last words").async { [lines] in
            lines.add(lastWords())
            said.signal()
        }
        _ = said.wait(timeout: .now() + Self.patience / .seconds(1))
        console.abandon(.deadlinePassed)
    }
}
