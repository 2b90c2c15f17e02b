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
    /// Writes what was asked for; throws where it cannot be written.
    package let output: @Sendable (String) throws -> Void
    /// Writes what there is to know.
    package let diagnostics: @Sendable (String) -> Void
    /// Whether somebody watches.
    package let isInteractive: Bool
    /// Ends the process at once.
    package let abandon: @Sendable (ApplicationStatus) -> Void
    /// Begins to watch for the signals that stop a run.
    package let watchSignals: @Sendable () -> SignalWatch

    package init(
        output: @escaping @Sendable (String) throws -> Void,
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
            output: { text in
                guard let failure = write(text, to: STDOUT_FILENO) else { return }
                throw ConnectorError(
                    .fatal,
                    "standard output cannot be written, and the answer is not complete: \(failure)"
                )
            },
            diagnostics: { _ = write($0, to: STDERR_FILENO) },
            isInteractive: isatty(STDERR_FILENO) == 1,
            abandon: { _exit($0.code) }
        )
    }

    /// The same, with `<redacted>` in the place of secrets.
    package func redacting(_ redaction: SecretRedaction) -> ApplicationConsole {
        ApplicationConsole(
            output: { try output(redaction.redact($0)) },
            diagnostics: { diagnostics(redaction.redact($0)) },
            isInteractive: isInteractive,
            abandon: abandon,
            watchSignals: watchSignals
        )
    }

    /// Writes a text; what the system says where it does not take all of it.
    package static func write(_ text: String, to descriptor: Int32) -> String? {
        var text = text
        return text.withUTF8 { bytes in
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
                if count < 0, errno == EAGAIN, waitUntilWritable(descriptor) { continue }
                guard count > 0 else { return String(cString: strerror(errno)) }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            return nil
        }
    }

    /// Whoever shares the terminal or the pipe may have it not block.
    private static func waitUntilWritable(_ descriptor: Int32) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&waiting, 1, -1) >= 0 || errno == EINTR
    }
}
