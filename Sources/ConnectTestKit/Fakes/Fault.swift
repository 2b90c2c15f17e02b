// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// What goes wrong with one call of a ``FaultySink``, a ``FaultySource`` or a ``FaultyOffsetStore``.
public struct Fault: Sendable {
    enum Kind: Sendable {
        case fails(any Error)
        case losesAnswer(any Error)
        case tears(Int, any Error)
        case waits(Duration)
        case hangs
        case hangsUntil(Gate)
        case judges(RecordVerdict, @Sendable (ConnectorRecord) -> Bool)
    }

    let kind: Kind

    /// The call throws, and nothing was done.
    public static func fails(_ error: any Error) -> Fault { Fault(kind: .fails(error)) }

    /// The call is made, and throws all the same: as when the answer to a COMMIT is lost.
    ///
    /// A poll keeps what it has read: the next one returns it, so that no record is skipped.
    public static func losesAnswer(_ error: any Error) -> Fault { Fault(kind: .losesAnswer(error)) }

    /// The call is made in part, and throws.
    ///
    /// A put applies the first `count` records; into a sink that keeps positions it applies nothing, as a transaction
    /// does. A save stores nothing, and the store fails until it is claimed again, as after the end of its process.
    /// Other calls fail before they have done anything.
    public static func tears(after count: Int, _ error: any Error) -> Fault { Fault(kind: .tears(count, error)) }

    /// The call is made after a while, by the clock of the connector's context.
    public static func waits(_ duration: Duration) -> Fault { Fault(kind: .waits(duration)) }

    /// The call does not return until its task is cancelled; nothing is done.
    public static let hangs = Fault(kind: .hangs)

    /// The call does not return until the gate is open, whether its task is cancelled or not; then it is made.
    public static func hangs(until gate: Gate) -> Fault { Fault(kind: .hangsUntil(gate)) }

    /// A put rejects the records for which the condition holds; the others are applied. For other calls nothing is wrong.
    ///
    /// A sink that keeps positions applies none of them, as it has to.
    public static func rejects(
        _ error: ConnectorError = ConnectorError(.invalidRecord, "the record is not accepted"),
        where condition: @escaping @Sendable (ConnectorRecord) -> Bool
    ) -> Fault {
        Fault(kind: .judges(.reject(error), condition))
    }

    /// A put asks to be given the records again for which the condition holds; what follows them in their lane is not
    /// tried, the others are applied. For other calls nothing is wrong.
    public static func retries(
        after delay: Duration? = nil,
        where condition: @escaping @Sendable (ConnectorRecord) -> Bool
    ) -> Fault {
        Fault(kind: .judges(.retry(after: delay), condition))
    }
}

extension Fault {
    /// A passing fault: the call throws `retryable`, and nothing was done.
    public static let busy = Fault.fails(ConnectorError(.retryable, "busy"))
    /// An outage: the call throws `notConnected`, and nothing was done.
    public static let disconnected = Fault.fails(ConnectorError(.notConnected, "the connection is lost"))
    /// The call is made, and the connection breaks before the answer arrives.
    public static let lostAnswer = Fault.losesAnswer(ConnectorError(.notConnected, "no answer"))
    /// There is no space left on the disk: the call throws `retryable`, and nothing was done.
    public static let diskFull = Fault.fails(
        ConnectorError(.retryable, "no space left on the disk; free some, or wait until somebody does")
    )
    /// Another owner has taken over: the call throws `fenced`, and nothing was done.
    public static let fenced = Fault.fails(ConnectorError(.fenced, "another owner has taken over"))
}
