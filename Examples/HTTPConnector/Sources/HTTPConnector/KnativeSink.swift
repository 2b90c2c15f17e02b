// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// An ``HTTPSink`` that finds its target where Knative says it is: in the environment.
///
/// A `ContainerSource` and a `SinkBinding` set the variable `K_SINK` to the URL of their sink, `K_CE_OVERRIDES` to
/// attributes that each event is to have, and `K_CA_CERTS` to the authorities that are trusted besides the others. So an
/// executable runs in both without a setting of its own.
public final class KnativeSink: Sink, ConnectionChecking {
    private let sink: HTTPSink

    /// A sink for the target in the environment.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that names the variable that is
    ///   missing or wrong.
    public convenience init(options: HTTPSink.Options = HTTPSink.Options()) throws {
        do throws(SettingFlaw) {
            try self.init(KnativeEnvironment(Self.variable), options)
        } catch {
            throw ConnectorError(.invalidConfiguration, error.message)
        }
    }

    init(_ environment: KnativeEnvironment, _ options: HTTPSink.Options) throws(SettingFlaw) {
        var options = options
        options.tls.additionalAuthorities = environment.authorities
        sink = try HTTPSink(environment.target, options, environment.overrides)
    }

    /// Those of the http sink.
    public var traits: SinkTraits { sink.traits }

    /// See ``HTTPSink/start(_:)``.
    public func start(_ context: ConnectorContext) async throws { try await sink.start(context) }

    /// See ``HTTPSink/stop()``.
    public func stop() async { await sink.stop() }

    /// See ``HTTPSink/put(_:)``.
    public func put(_ batch: RecordBatch) async throws -> PutResult { try await sink.put(batch) }

    /// See ``HTTPSink/flush()``.
    public func flush() async throws { try await sink.flush() }

    /// See ``HTTPSink/checkConnection(_:)``.
    public func checkConnection(_ context: ConnectorContext) async throws { try await sink.checkConnection(context) }
}

extension KnativeSink: ConfigurableConnector {
    /// `knative`.
    public static let type = "knative"
    /// What it is.
    public static let summary = "Sends records as CloudEvents to the sink that Knative names in K_SINK."

    /// Those of the http sink, without the URL.
    public static var settings: SettingGroup { SendingSettings.group }

    /// A sink with the configured options, for the target in the environment.
    public convenience init(_ values: SettingValues) throws { try self.init(values, Self.variable) }

    convenience init(_ values: SettingValues, _ variable: (String) -> String?) throws {
        do {
            let environment = try KnativeEnvironment(variable)
            try self.init(environment, SendingSettings.options(values, for: environment.target))
        } catch let flaw as SettingFlaw {
            throw values.problem(flaw.message)
        }
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
