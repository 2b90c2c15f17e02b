// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A connection that is made again when it is needed and was lost.
actor RedisLink {
    private let address: RedisAddress
    private let purpose: String
    private let report: @Sendable (ConnectorEvent) -> Void
    private var current: RedisConnection?
    private var isLost = false
    private var isClosed = false
    /// How many connections were made: whoever notes it finds out that there is another one.
    private(set) var generation = 0

    /// - Parameters:
    ///   - purpose: what the connection is for, in a word or two.
    ///   - report: is told when the connection is lost and when there is one again.
    init(_ address: RedisAddress, for purpose: String, report: @escaping @Sendable (ConnectorEvent) -> Void = { _ in })
    {
        self.address = address
        self.purpose = purpose
        self.report = report
    }

    /// The connection, made anew where there is none.
    func connection() async throws -> RedisConnection {
        if let current, current.isOpen { return current }
        if current != nil { noteLoss() }
        guard !isClosed else { throw ConnectorError(.notConnected, "the connection to Redis at \(address) is closed") }
        let made = try await RedisConnection.open(address, named: "openconnect-" + purpose)
        // Somebody else may have been faster, or the end.
        if let current, current.isOpen {
            await made.close()
            return current
        }
        guard !isClosed else {
            await made.close()
            throw ConnectorError(.notConnected, "the connection to Redis at \(address) is closed")
        }
        current = made
        generation += 1
        if isLost { tell(.info, "connected to Redis at \(address) again") }
        isLost = false
        return made
    }

    /// Closes the connection, for another one to be made: the server has said that it is of no use.
    func drop() async {
        guard let dropped = current else { return }
        noteLoss()
        await dropped.close()
    }

    /// Closes the connection for good.
    func close() async {
        isClosed = true
        await current?.close()
        current = nil
    }

    /// Closes the connection until it is needed again.
    func rest() async {
        let resting = current
        current = nil
        await resting?.close()
    }

    private func noteLoss() {
        current = nil
        guard !isLost, !isClosed else { return }
        isLost = true
        tell(.warning, "the connection to Redis at \(address) is lost")
    }

    private func tell(_ level: ConnectorEvent.Level, _ message: String) {
        report(ConnectorEvent(level, message, attributes: ["connection": purpose]))
    }
}

extension RedisLink {
    /// Sends commands over the connection.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` as ``RedisConnection/run(_:waiting:)``, and where the first error among the
    ///   replies says that nothing can be done over this connection.
    func run(_ commands: RedisCommands, _ task: String) async throws -> RedisReplies {
        let replies = try await connection().run(commands)
        if let error = replies.firstError, error.isOutage {
            await drop()
            throw error.error(task)
        }
        return replies
    }

    /// Sends one command.
    ///
    /// - Throws: as the other one, and for an error of the server what that means.
    func run(_ words: [String], _ task: String) async throws -> RedisReply {
        let replies = try await run(RedisCommands(words), task)
        if let error = replies.firstError { throw error.error(task) }
        return replies[0]
    }
}
