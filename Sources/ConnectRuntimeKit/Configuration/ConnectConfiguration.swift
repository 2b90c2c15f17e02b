// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// The pipelines of a process, as a configuration file describes them.
///
/// ```json
/// {
///   "offsets": { "type": "file", "path": "state" },
///   "pipelines": {
///     "orders": {
///       "source": { "type": "http", "listen": "127.0.0.1:8080" },
///       "functions": [ { "type": "filter", "sql": "type = 'com.example.order'" } ],
///       "sinks": [ { "type": "file", "path": "orders.jsonl", "format": "cloudevents" } ]
///     }
///   }
/// }
/// ```
///
/// Comments and trailing commas are allowed. See <doc:Configuration>.
public struct ConnectConfiguration: Sendable {
    /// How the runtime looks after the pipelines: the object `runtime`.
    public let runtime: RuntimeOptions
    let pipelines: [ConfiguredPipeline]
    /// Knows the secrets that were read.
    private let redaction: SecretRedaction

    /// Reads a configuration and makes each connector once, to find everything that is wrong with it.
    ///
    /// - Parameters:
    ///   - document: the text.
    ///   - registry: the types that it can name.
    /// - Throws: ``/OpenConnect/SettingProblems`` with everything that is wrong, each with its place.
    public init(_ document: SettingDocument, registry: ConnectorRegistry) throws(SettingProblems) {
        var reader = ConfigurationReader(registry, problems: document.problems)
        let runtime = reader.read(document.root)
        guard reader.problems.isEmpty else { throw SettingProblems(reader.problems) }
        self.runtime = runtime ?? RuntimeOptions()
        pipelines = reader.pipelines
        redaction = document.root.redaction ?? SecretRedaction()
    }

    /// The names of the pipelines, in their order.
    public var names: [String] { pipelines.map(\.name) }

    /// The pipelines, each with connectors of its own; pipelines with the same store share it.
    public func makePipelines(observer: any RuntimeObserver = .silent) -> [Pipeline] {
        pipelines.map { $0.makePipeline(observer) }
    }

    /// A runtime with the pipelines, whose ``ConnectRuntime/redaction`` knows the secrets of the configuration.
    ///
    /// - Parameter observer: is told what all pipelines do.
    public func makeRuntime(observer: any RuntimeObserver = .silent) throws -> ConnectRuntime {
        let runtime = try ConnectRuntime(options: runtime, observer: observer, redaction: redaction)
        for pipeline in pipelines { try runtime.add(pipeline.makePipeline(.silent), as: pipeline.initialState) }
        return runtime
    }
}

/// One pipeline of a configuration.
struct ConfiguredPipeline: Sendable {
    let name: String
    let initialState: ConnectRuntime.InitialState
    let source: ConfiguredType<any Source>
    let functions: [any RecordFunction]
    let sinks: [NamedSink]
    let offsets: (any OffsetStore)?
    let deadLetters: DeadLetters?
    let delivery: DeliveryOptions

    func makePipeline(_ observer: any RuntimeObserver) -> Pipeline {
        Pipeline(
            name,
            from: try source.make(),
            through: functions,
            to: sinks,
            offsets: offsets,
            deadLetters: deadLetters,
            options: delivery,
            observer: observer
        )
    }
}

/// A type of the registry, with the settings to make instances of it.
struct ConfiguredType<Product>: Sendable {
    let entry: RegistryEntry<Product>
    let values: SettingValues

    func make() throws -> Product {
        do {
            return try entry.make(values)
        } catch let problems as SettingProblems {
            throw ConnectorError(problems)
        } catch let problem as SettingProblem {
            throw ConnectorError(SettingProblems(problem))
        }
    }
}
