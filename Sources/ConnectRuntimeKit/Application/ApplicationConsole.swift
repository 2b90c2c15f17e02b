// SPDX-License-Identifier: Apache-2.0

package import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where an application writes, and how it ends in the middle of a call that does not return.
package struct ApplicationConsole: Sendable {
    /// Writes what was asked for.
    package let output: @Sendable (String) -> Void
    /// Writes what there is to know.
    package let diagnostics: @Sendable (String) -> Void
    /// Whether somebody watches.
    package let isInteractive: Bool
    /// Ends the process at once.
    package let abandon: @Sendable (ApplicationStatus) -> Void
    /// Begins to watch for the signals that stop a run.
    package let watchSignals: @Sendable () -> SignalWatch

    package init(
        output: @escaping @Sendable (String) -> Void,
        diagnostics: @escaping @Sendable (String) -> Void,
        isInteractive: Bool = false,
        abandon: @escaping @Sendable (ApplicationStatus) -> Void,
        watchSignals: @escaping @Sendable () -> SignalWatch = { SignalWatch() }
    ) {
        self.output = output
        self.diagnostics = diagnostics
        self.isInteractive = isInteractive
        self.abandon = abandon
        self.watchSignals = watchSignals
    }

    /// Standard output and standard error of the process.
    package static var system: ApplicationConsole {
        ApplicationConsole(
            output: { write($0, to: STDOUT_FILENO) },
            diagnostics: { write($0, to: STDERR_FILENO) },
            isInteractive: isatty(STDERR_FILENO) == 1,
            abandon: { _exit($0.code) }
        )
    }

    /// The same, with `<redacted>` in the place of secrets.
    package func redacting(_ redaction: SecretRedaction) -> ApplicationConsole {
        ApplicationConsole(
            output: { output(redaction.redact($0)) },
            diagnostics: { diagnostics(redaction.redact($0)) },
            isInteractive: isInteractive,
            abandon: abandon,
            watchSignals: watchSignals
        )
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let base = rest.baseAddress, !rest.isEmpty {
                #if canImport(Darwin)
                let count = Darwin.write(descriptor, base, rest.count)
                #elseif canImport(Musl)
                let count = Musl.write(descriptor, base, rest.count)
                #else
                let count = Glibc.write(descriptor, base, rest.count)
                #endif
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
