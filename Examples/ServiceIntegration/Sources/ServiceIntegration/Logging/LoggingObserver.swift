// SPDX-License-Identifier: Apache-2.0

public import ConnectRuntimeKit
public import Logging
public import OpenConnect

/// Writes the events of pipelines to a logger of swift-log.
///
/// The message is that of the event, the level has the same name. What tools go by is in the metadata:
///
/// | key | value |
/// |---|---|
/// | `pipeline` | the name of the pipeline |
/// | `kind` | what happened, such as `pipeline.state` or `call.retry` |
/// | `connector` | the connector it is about, by its name in the pipeline |
/// | `state` | the state that the pipeline is in now |
/// | `call` | the call it is about, such as `put of the orders`, or only `put` |
/// | `callSeconds` | for how long that call has been running |
/// | `attempt` | how often something was tried without success |
/// | `delaySeconds` | how long it is until the next attempt |
/// | `records` | how many records it is about |
/// | `errorCode` | the code of the error, such as `retryable` |
/// | `error` | the error in words |
/// | `attributes` | what else the event says, a dictionary |
///
/// A key is there only where the event has such a value.
public struct LoggingObserver: RuntimeObserver {
    private let logger: Logger
    private let redaction: SecretRedaction

    /// An observer that writes to a logger, whose level decides what is written.
    ///
    /// - Parameters:
    ///   - logger: where to.
    ///   - redaction: knows secrets, which are taken out of every text; that of the ``/OpenConnect/SettingDocument`` from
    ///     which the pipelines were made.
    public init(_ logger: Logger, redaction: SecretRedaction = SecretRedaction()) {
        self.logger = logger
        self.redaction = redaction
    }

    /// Events.
    public var interests: ObserverInterests { .events }

    /// Writes an event.
    public func observe(_ event: RuntimeEvent) {
        logger.log(
            level: Self.level(event.level),
            "\(redaction.redact(event.message))",
            metadata: metadata(of: event)
        )
    }

    static func level(_ level: ConnectorEvent.Level) -> Logger.Level {
        switch level {
        case .error: .error
        case .warning: .warning
        case .info: .info
        default: .debug
        }
    }

    private func metadata(of event: RuntimeEvent) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["pipeline": "\(event.pipeline)", "kind": "\(event.kind)"]
        metadata["connector"] = event.connector.map { "\($0)" }
        metadata["state"] = event.state.map { "\($0)" }
        metadata["call"] = event.call.map { "\($0)" } ?? event.callName.map { "\($0)" }
        metadata["callSeconds"] = event.call?.duration.map { "\($0.inSeconds)" }
        metadata["attempt"] = event.attempt.map { "\($0)" }
        metadata["delaySeconds"] = event.delay.map { "\($0.inSeconds)" }
        metadata["records"] = event.records.map { "\($0)" }
        if let error = event.error {
            let known = error as? ConnectorError
            metadata["errorCode"] = known.map { "\($0.code)" }
            metadata["error"] = "\(redaction.redact(known.map(\.description) ?? "\(error)"))"
        }
        if !event.attributes.isEmpty {
            metadata["attributes"] = .dictionary(event.attributes.mapValues { "\(redaction.redact($0))" })
        }
        return metadata
    }
}

extension Duration {
    /// The duration as a number of seconds.
    var inSeconds: Double { self / .seconds(1) }
}
