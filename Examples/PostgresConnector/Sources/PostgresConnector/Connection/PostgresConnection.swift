// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Dispatch
import OpenConnect
import Synchronization

/// One session with a server. Calls take turns; none of them blocks a thread.
///
/// A call that is cancelled, or that takes longer than the target's timeout, has the server cancel the statement. Where
/// the server does not answer that either, the session is given up.
actor PostgresConnection {
    let target: ConnectionTarget
    let turns = Turns()
    private let notices: @Sendable (PostgresFailure) -> Void
    private var handle: ConnectionHandle?

    /// How long a statement that was cancelled may take to say so.
    static let grace: Duration = .milliseconds(1500)

    init(_ target: ConnectionTarget, notices: @escaping @Sendable (PostgresFailure) -> Void = { _ in }) {
        self.target = target
        self.notices = notices
    }

    /// Whether there is a session, as far as is known.
    var isOpen: Bool { handle.map { PQstatus($0.pointer) == CONNECTION_OK } ?? false }

    /// The number of the server's process that serves the session, or 0.
    var backend: Int32 { handle.map { PQbackendPID($0.pointer) } ?? 0 }

    /// The connection as libpq has it, while the session is open.
    func pointer() throws -> OpaquePointer {
        guard let handle else {
            throw ConnectorError(
                .notConnected,
                "there is no connection to \(target); it is made again with the next attempt"
            )
        }
        return handle.pointer
    }

    // MARK: Connecting

    /// Connects, unless the session is open already.
    func open() async throws {
        if isOpen { return }
        try await turns.begin()
        defer { turns.end() }
        if isOpen { return }
        drop()
        do {
            try await connect()
        } catch {
            drop()
            throw error
        }
    }

    /// Connects to one of the hosts; the time is shared between them. One that is silent is left out, and the others are
    /// tried again.
    private func connect() async throws {
        let end = ContinuousClock.now + target.connectTimeout
        var candidates = target
        var silent: [HostList.Host] = []
        while true {
            do {
                return try await connect(to: candidates, until: end)
            } catch let silence as Silence {
                guard let others = silence.others else {
                    throw ConnectorError(.notConnected, "\(target) did not answer within \(target.connectTimeout)")
                }
                silent.append(silence.host)
                for (keyword, value) in others { candidates.set(keyword, value) }
            } catch var error as ConnectorError where !silent.isEmpty {
                error.message += "; these did not answer: " + silent.map(\.description).joined(separator: ", ")
                throw error
            }
        }
    }

    /// A host took longer than its share of the time.
    private struct Silence: Error {
        let host: HostList.Host
        /// The keywords of the others, if there are any and there is time for them.
        let others: [String: String]?
    }

    private func connect(to target: ConnectionTarget, until end: ContinuousClock.Instant) async throws {
        guard let handle = await elsewhere({ target.begin().map { ConnectionHandle($0) } }) else {
            throw ConnectorError(.fatal, "there is no memory for a connection to \(target)")
        }
        self.handle = handle
        handle.onNotice(notices)
        let hosts = HostList(handle.pointer)
        let share = (end - .now) / hosts.count
        var (host, deadline) = (HostList.current(handle.pointer), min(.now + share, end))
        var poll = PQstatus(handle.pointer) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while poll != PGRES_POLLING_OK {
            guard poll != PGRES_POLLING_FAILED else { throw refusal(handle.pointer) }
            guard try await isReady(handle, poll, until: deadline) else {
                throw Silence(host: host, others: end > .now ? hosts.keywords(without: host) : nil)
            }
            // Names are resolved, keys derived and certificates checked here.
            poll = await elsewhere { PQconnectPoll(handle.pointer) }
            let next = HostList.current(handle.pointer)
            if next != host { (host, deadline) = (next, min(.now + share, end)) }
        }
        guard PQsetnonblocking(handle.pointer, 1) == 0 else { throw refusal(handle.pointer) }
    }

    private func isReady(
        _ handle: ConnectionHandle,
        _ poll: PostgresPollingStatusType,
        until deadline: ContinuousClock.Instant
    ) async throws -> Bool {
        let readiness: SocketPoller.Readiness = poll == PGRES_POLLING_READING ? .reading : .writing
        switch await SocketPoller.shared.wait(for: readiness, of: PQsocket(handle.pointer), until: deadline) {
        case .ready: return true
        case .cancelled: throw CancellationError()
        case .expired: return false
        }
    }

    /// What was wrong while connecting: libpq gives no SQLSTATE then, only the text.
    private func refusal(_ pointer: OpaquePointer) -> ConnectorError {
        let message = target.redacted(String(cString: PQerrorMessage(pointer)))
        let isWrong = Self.isWrong(message)
        return ConnectorError(
            isWrong ? .invalidConfiguration : .notConnected,
            "cannot connect to \(target): \(message)"
                + (isWrong ? "; correct the connection's settings or the server's" : "")
        )
    }

    /// Whether a refusal says that the settings are wrong, and not that the server cannot take a connection at present.
    static func isWrong(_ message: String) -> Bool {
        let wrong = [
            "password authentication failed", "no password supplied", "pg_hba.conf", "does not exist", "certificate",
            "does not support SSL", "invalid sslmode", "invalid port", "invalid connection option", "private key",
            "is not permitted to log in", "permission denied", "no pg_hba", "invalid value",
            "unrecognized configuration parameter",
        ]
        let passing = ["starting up", "Connection refused", "too many connections", "connection slots"]
        // Of several addresses the last one counts: a name often has one more than the server listens on. A host may be
        // called anything.
        let last = message.split(separator: "connection to server").last ?? ""
        let reason = last.split(separator: "failed: ", maxSplits: 1).last ?? last
        // A missing socket file is a server that is not running.
        let isPassing = reason.hasPrefix("No such file or directory") || passing.contains { reason.contains($0) }
        return wrong.contains { reason.contains($0) } && !isPassing
    }

    // MARK: The end

    /// Ends the session. Calls that come later fail, until it is opened again.
    func close() async {
        await turns.beginRegardless()
        defer { turns.end() }
        drop()
    }

    /// Gives the session up, without a word to the other side where that does not listen.
    func drop() { handle = nil }

    /// The error for a connection that broke, which is given up with it.
    func lost(_ task: String) -> ConnectorError {
        let message = (try? pointer()).map { target.redacted(String(cString: PQerrorMessage($0))) } ?? ""
        drop()
        return ConnectorError(.notConnected, "\(task): the connection to \(target) was lost: \(message)")
    }
}

/// The connection as libpq has it, which ends with the last reference.
///
/// The pointer is used by the actor that holds it, or by a closure for which the actor waits: never by two at a time.
final class ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    private var notices: NoticeBox?

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQfinish(pointer) }

    func onNotice(_ body: @escaping @Sendable (PostgresFailure) -> Void) {
        let box = NoticeBox(body)
        notices = box
        PQsetNoticeReceiver(
            pointer,
            { context, result in
                guard let context, let result else { return }
                Unmanaged<NoticeBox>.fromOpaque(context).takeUnretainedValue().body(PostgresFailure(result))
            },
            Unmanaged.passUnretained(box).toOpaque()
        )
    }
}

private final class NoticeBox: Sendable {
    let body: @Sendable (PostgresFailure) -> Void
    init(_ body: @escaping @Sendable (PostgresFailure) -> Void) { self.body = body }
}

/// Does what may take a while on a thread that may wait.
func elsewhere<Result>(_ body: @escaping @Sendable () -> sending Result) async -> sending Result {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
}
