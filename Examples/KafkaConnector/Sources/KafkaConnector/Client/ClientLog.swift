// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// Passes on what librdkafka has to say.
final class ClientLog: Sendable {
    private let emit: Mutex<(@Sendable (ConnectorEvent) -> Void)?>
    private let newest = Mutex<String?>(nil)

    /// The newest that librdkafka said of a broker that fails, such as why it refuses a login.
    var newestFailure: String? { newest.withLock(\.self) }

    init(_ emit: @escaping @Sendable (ConnectorEvent) -> Void) {
        self.emit = Mutex(emit)
    }

    /// - Parameter level: that of syslog, 0 to 7.
    func note(level: Int32, _ facility: String, _ text: String) {
        // About properties that the connector has set for a reason.
        if facility == "CONFWARN" { return }
        if facility == "FAIL" { newest.withLock { $0 = text } }
        let urgency: ConnectorEvent.Level =
            switch level {
            case ...2: .error
            case 3, 4: .warning
            case 5, 6: .info
            default: .debug
            }
        send(ConnectorEvent(urgency, "librdkafka: \(text)", attributes: ["kafka.facility": facility]))
    }

    func send(_ event: ConnectorEvent) {
        emit.withLock { $0 }?(event)
    }

    /// Nothing is passed on any more.
    func end() {
        emit.withLock { $0 = nil }
    }
}
