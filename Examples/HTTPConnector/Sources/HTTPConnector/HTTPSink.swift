// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// Sends records as CloudEvents over HTTP: one event in a request, or many in batched mode.
///
/// Records of one lane are sent one after the other, in their order; those of different lanes at the same time, with at
/// most ``Options/concurrency`` requests on their way over all puts. A record counts as delivered when the target has
/// answered its request with 2xx. What other answers and failures mean is a table in the package's README.
///
/// Each instance has a client of its own, whose connections are closed by ``stop()``.
public final class HTTPSink: Sink, ConnectionChecking {
    /// As many puts at the same time as there may be requests, in order.
    public let traits: SinkTraits
    private let target: SinkTarget
    private let options: Options
    private let overrides: EventOverrides
    private let delivery = Mutex<EventDelivery?>(nil)

    /// A sink for one target.
    ///
    /// - Parameters:
    ///   - url: where events are sent: an absolute URL of `http` or `https` without user information and fragment.
    ///   - options: how they are sent.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` for what cannot work, without
    ///   showing the URL.
    public convenience init(url: String, options: Options = Options()) throws {
        do throws(SettingFlaw) {
            try self.init(SinkTarget(url), options)
        } catch {
            throw ConnectorError(.invalidConfiguration, error.message)
        }
    }

    /// A sink that sets attributes on each event.
    init(_ target: SinkTarget, _ options: Options, _ overrides: EventOverrides = EventOverrides()) throws(SettingFlaw) {
        try options.check(target)
        self.target = target
        self.options = options
        self.overrides = overrides
        traits = SinkTraits(
            maxConcurrentPuts: options.concurrency,
            preferredBatch: SinkTraits.PreferredBatch(maxRecords: options.recordsPerPut),
            isDurableOnPut: true
        )
    }

    /// Makes the client; with a webhook, asks the target for its consent.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `invalidConfiguration` for files that cannot be read, and where the
    ///   target of a webhook does not consent; `notConnected`, `throttled` or `retryable` where it could not be asked.
    public func start(_ context: ConnectorContext) async throws {
        let connection = try SinkConnection(target, options, context.clock)
        let maker = EventMaker(context.eventDefaults, options.mode, overrides)
        let delivery = EventDelivery(connection, options, maker)
        self.delivery.withLock { $0 = delivery }
        context.addTask(named: "deadlines of requests") { [deadlines = delivery.deadlines] in
            await deadlines.run()
        }
        guard let webhook = options.webhook else { return }
        let rate = try await connection.askConsent(webhook)
        self.delivery.withLock { $0?.keep(to: rate) }
        let words = rate.map { "\($0) requests a minute" } ?? "no limit of the rate"
        context.emit(ConnectorEvent(.info, "\(target) takes deliveries of \(webhook.origin), with \(words)"))
    }

    /// Closes all connections, also those of requests that hang.
    public func stop() async {
        let delivery = delivery.withLock { $0.take() }
        await delivery?.connection.shutdown()
    }

    /// Sends the records.
    ///
    /// - Returns: a rejection for a record that no event can be made of or that the target refuses, a retry for one
    ///   that failed on the way; what is behind it in its lane was not tried.
    /// - Throws: ``/OpenConnect/ConnectorError`` where nothing of the batch was settled: `notConnected` in an outage,
    ///   `throttled` while the target asks for patience, `fatal` for a retired target, `invalidConfiguration` for
    ///   redirects and for TLS that does not fit.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        guard let delivery = delivery.withLock({ $0 }) else {
            throw ConnectorError(.fatal, "the http sink was used before it was started; call start first")
        }
        return try await delivery.put(batch)
    }

    /// Does nothing: what the target has answered with 2xx is its own affair.
    public func flush() async throws {}

    /// Reaches the target, over TLS where its URL says so, and asks for the consent to a webhook. Sends no event.
    ///
    /// Without a webhook any answer to an `OPTIONS` request will do.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` that says what is missing.
    public func checkConnection(_ context: ConnectorContext) async throws {
        let connection = try SinkConnection(target, options, context.clock)
        let outcome: Result<Void, any Error>
        do {
            if let webhook = options.webhook {
                _ = try await connection.askConsent(webhook)
            } else {
                try await connection.reach()
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await connection.shutdown()
        try outcome.get()
    }
}
