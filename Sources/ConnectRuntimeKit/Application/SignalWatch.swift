// SPDX-License-Identifier: Apache-2.0

import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Turns SIGTERM and SIGINT into elements of a stream, until it is ended.
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
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
    }

    /// Signals that somebody else knows of; those of the process do what they did.
    package init(_ signals: AsyncStream<Int32>) {
        self.signals = signals
        sources = []
    }

    /// Watches no more. The signals stay ignored: the process is about to end, and is not to die of a late one.
    package func end() {
        for source in sources { source.cancel() }
    }
}
