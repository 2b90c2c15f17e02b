// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Dispatch
import OpenConnect
import Synchronization

extension PostgresConnection {
    /// Runs statements in one round trip (chapter "Pipeline Mode" of the manual).
    ///
    /// Unless a transaction is open they are one: either all of them happen or none does.
    ///
    /// - Parameter task: what is being done, for messages.
    /// - Returns: the result of each statement.
    /// - Throws: ``PostgresFailure`` where the server refused one; `notConnected`, `retryable` after the timeout,
    ///   `CancellationError`.
    @discardableResult
    func run(_ statements: [PostgresStatement], _ task: String) async throws -> [PostgresResult] {
        try await turns.begin()
        defer { turns.end() }
        return try await exchange(task) { pointer in
            PQenterPipelineMode(pointer) == 1 && statements.allSatisfy { $0.send(on: pointer) }
                && PQpipelineSync(pointer) == 1
        } receive: { call in
            try await self.pipelineResults(of: statements.count, &call)
        }
    }

    /// Runs one statement.
    @discardableResult
    func run(_ text: String, _ parameters: [PostgresParameter] = [], _ task: String) async throws -> PostgresResult {
        try await run([PostgresStatement(text, parameters)], task).first ?? PostgresResult()
    }

    /// Copies rows into a table: `COPY … FROM STDIN`, whose data is given in the format that the statement names.
    ///
    /// - Returns: how many rows there were.
    @discardableResult
    func copy(_ statement: String, _ data: [UInt8], _ task: String) async throws -> Int {
        try await turns.begin()
        defer { turns.end() }
        return try await exchange(task) {
            PQsendQuery($0, statement) == 1
        } receive: { call in
            try await self.copyResult(data, &call)
        }
    }

    /// Sends, receives, and leaves the connection either ready for the next call or closed.
    func exchange<Result>(
        _ task: String,
        send: (OpaquePointer) -> Bool,
        receive: (inout Call) async throws -> Result
    ) async throws -> Result {
        guard isOpen else {
            drop()
            throw ConnectorError(.notConnected, "\(task): there is no connection to \(target)")
        }
        let pointer = try pointer()
        guard send(pointer) else { throw lost(task) }
        var call = Call(task: task, deadline: .now + target.timeout)
        do {
            try await flush(&call)
            let result = try await receive(&call)
            endPipeline(pointer)
            return result
        } catch let failure as PostgresFailure {
            endPipeline(pointer)
            guard failure.code != .notConnected, isOpen else {
                drop()
                throw failure
            }
            if failure.isCancelled, let ending = call.ending { throw ending }
            throw failure
        } catch {
            drop()
            throw error
        }
    }
}

extension PostgresConnection {
    private func endPipeline(_ connection: OpaquePointer) {
        if PQpipelineStatus(connection) != PQ_PIPELINE_OFF { PQexitPipelineMode(connection) }
    }
}

/// One call in progress.
struct Call {
    let task: String
    var deadline: ContinuousClock.Instant
    /// Why the server was asked to cancel it.
    var ending: (any Error)?
}

// MARK: Waiting

extension PostgresConnection {
    /// Waits until the socket is ready; asks the server to cancel the statement when the call is to end.
    private func wait(_ call: inout Call, _ readiness: SocketPoller.Readiness) async throws {
        let socket = PQsocket(try pointer())
        guard socket >= 0 else { throw lost(call.task) }
        let outcome = await SocketPoller.shared.wait(
            for: readiness,
            of: socket,
            until: call.deadline,
            isCancellable: call.ending == nil
        )
        switch outcome {
        case .ready:
            return
        case .cancelled where call.ending == nil:
            call.ending = CancellationError()
        case .expired where call.ending == nil:
            call.ending = ConnectorError(
                .retryable,
                "\(call.task) took longer than \(target.timeout); where it happens again, raise the setting 'timeout'"
            )
        default:
            throw call.ending ?? CancellationError()
        }
        call.deadline = .now + Self.grace
        try await requestCancel(call)
    }

    /// Has the server cancel what runs. The request has a connection of its own, which libpq only knows to wait for.
    private func requestCancel(_ call: Call) async throws {
        guard let request = PQgetCancel(try pointer()) else { return }
        let holder = CancelRequest(request)
        // A server that is not there must not hold the call up: then the whole connection is given up.
        guard await holder.send(within: Self.grace) else { throw call.ending ?? CancellationError() }
    }

    private func flush(_ call: inout Call) async throws {
        while true {
            switch PQflush(try pointer()) {
            case 0: return
            case 1: try await wait(&call, .readingOrWriting)
            default: throw lost(call.task)
            }
            // What the server says meanwhile has to be taken, or both would wait for each other.
            guard PQconsumeInput(try pointer()) == 1 else { throw lost(call.task) }
        }
    }

    /// The next result, as soon as it is there.
    func nextResult(_ call: inout Call) async throws -> OpaquePointer? {
        while PQisBusy(try pointer()) == 1 {
            try await wait(&call, .reading)
            guard PQconsumeInput(try pointer()) == 1 else { throw lost(call.task) }
        }
        return PQgetResult(try pointer())
    }
}

// MARK: Results

extension PostgresConnection {
    private func pipelineResults(of count: Int, _ call: inout Call) async throws -> [PostgresResult] {
        var results: [PostgresResult] = []
        var failure: PostgresFailure?
        while true {
            guard let result = try await nextResult(&call) else {
                // Behind each statement; a connection that broke gives nothing else any more.
                guard PQstatus(try pointer()) == CONNECTION_OK else { throw ended(failure, call) }
                continue
            }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                if let failure { throw failure }
                return results
            case PGRES_PIPELINE_ABORTED: continue
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: results.append(PostgresResult(result))
            default: failure = failure ?? PostgresFailure(result)
            }
        }
    }

    /// A session that the server ended says why before it goes.
    func ended(_ failure: PostgresFailure?, _ call: Call) -> any Error {
        guard let failure, !failure.state.isEmpty else { return lost(call.task) }
        return failure
    }

    private func copyResult(_ data: [UInt8], _ call: inout Call) async throws -> Int {
        var failure: PostgresFailure?
        var rows = 0
        while let result = try await nextResult(&call) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COPY_IN: try await send(data, &call)
            case PGRES_COMMAND_OK: rows = PostgresResult(result).changed
            default: failure = failure ?? PostgresFailure(result)
            }
        }
        guard PQstatus(try pointer()) == CONNECTION_OK else { throw ended(failure, call) }
        if let failure { throw failure }
        return rows
    }

    private func send(_ data: [UInt8], _ call: inout Call) async throws {
        var start = 0
        while start < data.count, call.ending == nil {
            let size = min(1 << 16, data.count - start)
            let connection = try pointer()
            let sent = data.withUnsafeBytes { bytes in
                let part = bytes.baseAddress.map { $0 + start }
                return PQputCopyData(connection, part?.assumingMemoryBound(to: CChar.self), Int32(size))
            }
            if sent < 0 { throw lost(call.task) }
            if sent == 1 { start += size }
            try await flush(&call)
        }
        // A copy that is to end is ended by its own means: it fails, and says so with the SQLSTATE of a cancellation.
        guard PQputCopyEnd(try pointer(), call.ending == nil ? nil : "cancelled") >= 0 else {
            throw lost(call.task)
        }
        try await flush(&call)
    }
}

/// A request to cancel what a connection does.
private final class CancelRequest: @unchecked Sendable {
    // Used by one thread; freed with the last reference.
    private let request: OpaquePointer
    private let waiting = Mutex<CheckedContinuation<Bool, Never>?>(nil)

    init(_ request: OpaquePointer) { self.request = request }

    deinit { PQfreeCancel(request) }

    /// Sends it from a thread that may wait.
    ///
    /// - Returns: whether it was sent in time.
    func send(within limit: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0 = continuation }
            DispatchQueue.global().async { [self] in
                var message = [CChar](repeating: 0, count: 256)
                let isSent = PQcancel(request, &message, 256) == 1
                finish(isSent)
            }
            let milliseconds = Int(limit / .milliseconds(1))
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [self] in finish(false)
            }
        }
    }

    private func finish(_ isSent: Bool) {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: isSent)
    }
}
