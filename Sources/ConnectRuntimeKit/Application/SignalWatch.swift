// SPDX-License-Identifier: Apache-2.0

import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Turns SIGTERM and SIGINT into elements of a stream, until it is ended; those that come at one moment are one.
package struct SignalWatch {
    package let signals: AsyncStream<Int32>
    private let sources: [any DispatchSourceSignal]

    package init() {
        // The limit of a file's size is an error of the write, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        self.signals = signals
        let queue = DispatchQueue(label: "signals")
        let registered = DispatchSemaphore(value: 0)
        let occasion = Lock(SignalOccasion())
        sources = Self.numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if occasion.withLock({ $0.begins(at: .now) }) { continuation.yield(number) }
            }
            source.setRegistrationHandler { registered.signal() }
            source.resume()
            return source
        }
        // Until then a signal ends the process, which has not begun; one that was ignored meanwhile would be lost.
        for _ in sources { registered.wait() }
        #if canImport(Darwin)
        // Elsewhere it is the handler that Dispatch has installed that sees them.
        for number in Self.numbers { signal(number, SIG_IGN) }
        #endif
    }

    private static let numbers = [SIGTERM, SIGINT]

    /// Signals that somebody else knows of; those of the process do what they did.
    package init(_ signals: AsyncStream<Int32>) {
        self.signals = signals
        sources = []
    }

    /// Watches no more. The signals are ignored: the process is about to end, and is not to die of a late one.
    package func end() {
        guard !sources.isEmpty else { return }
        for number in Self.numbers { signal(number, SIG_IGN) }
        for source in sources { source.cancel() }
    }
}

/// Tells a second request to stop from the same one that arrives twice: `timeout` and some supervisors signal the process
/// and then its group.
struct SignalOccasion: Sendable {
    private static let length = Duration.milliseconds(100)

    private var last: ContinuousClock.Instant?

    /// Whether a signal is not yet another of the moment of the one before.
    mutating func begins(at now: ContinuousClock.Instant) -> Bool {
        if let last, now - last < Self.length { return false }
        last = now
        return true
    }
}
