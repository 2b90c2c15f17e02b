// SPDX-License-Identifier: Apache-2.0

import Configuration
import Synchronization

/// Keeps what a configuration says about accesses.
final class AccessRecord: AccessReporter {
    private let kept = Mutex<[String]>([])

    var texts: [String] { kept.withLock { $0 } }

    func report(_ event: AccessEvent) { kept.withLock { $0.append(Self.text(event)) } }

    private static func text(_ event: AccessEvent) -> String {
        "\(event.metadata.key): \(event.result.map { $0.map { "\($0)" } ?? "none" })"
    }
}
