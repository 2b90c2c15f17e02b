// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The settings that sinks over HTTP have in common.
enum SendingSettings {
    private enum ModeName: String, CaseIterable, SettingValue { case binary, structured, batched }
    private enum FormatName: String, CaseIterable, SettingValue { case json, protobuf, avro, xml }
    private enum MethodName: String, CaseIterable, SettingValue { case POST, PUT }

    private static let defaults = HTTPSink.Options()
    private static let mode = Setting<ModeName>("mode", "How events are put into requests.", default: .binary)
    private static let format = Setting<FormatName>(
        "format",
        "The format of events in structured and batched mode; avro has no batches.",
        default: .json
    )
    private static let method = Setting<MethodName>("method", "The method of the requests.", default: .POST)
    private static let headers = Setting<[String: Secret]>(
        "headers",
        "Headers of every request, except those that the sink sets itself.",
        default: [:]
    )
    private static let bearer = Setting<Secret?>("bearer", "A token for the header Authorization.")
    private static let basic = Setting<BasicCredentials?>("basic", "User and password for the header Authorization.")
    private static let tls = Setting<ClientTLS?>("tls", "What is trusted, and what the sink shows of itself.")
    private static let connectTimeout = Setting<Duration>(
        "connectTimeout",
        "How long making a connection may take.",
        default: defaults.connectTimeout
    ).range(.milliseconds(1)...)
    private static let timeout = Setting<Duration>(
        "timeout",
        "How long a request may take as a whole.",
        default: defaults.timeout
    ).range(.milliseconds(1)...)
    private static let concurrency = Setting<Int>(
        "concurrency",
        "How many requests may be on their way at the same time.",
        default: defaults.concurrency
    ).range(1...10_000)
    private static let batchEvents = Setting<Int>(
        "batchEvents",
        "The most events in a request of batched mode.",
        default: defaults.batchEvents
    ).range(1...100_000)
    private static let batchBytes = Setting<ByteSize>(
        "batchBytes",
        "The most bytes of events in a request of batched mode; a larger event travels alone.",
        default: ByteSize(bytes: defaults.batchBytes)
    ).range(ByteSize(bytes: 1)...)
    private static let webhook = Setting<WebhookSender?>(
        "webhook",
        "The handshake of webhooks: the target is asked for its consent first."
    )

    /// All of them.
    static var group: SettingGroup {
        SettingGroup(
            mode,
            format,
            method,
            headers,
            bearer,
            basic,
            tls,
            connectTimeout,
            timeout,
            concurrency,
            batchEvents,
            batchBytes,
            webhook
        ).rules(.exclusive(bearer, basic))
    }

    /// The options that values stand for.
    ///
    /// - Throws: `SettingProblem` for what does not go together.
    static func options(_ values: SettingValues, for target: SinkTarget) throws -> HTTPSink.Options {
        do throws(SettingFlaw) {
            let options = HTTPSink.Options(
                mode: mode(values),
                method: values[method] == .PUT ? .put : .post,
                headers: values[headers],
                credentials: try credentials(values),
                tls: values[tls] ?? ClientTLS(),
                connectTimeout: values[connectTimeout],
                timeout: values[timeout],
                concurrency: values[concurrency],
                batchEvents: values[batchEvents],
                batchBytes: values[batchBytes].bytes,
                webhook: values[webhook]
            )
            try options.check(target)
            return options
        } catch {
            throw problem(error, values)
        }
    }

    private static func mode(_ values: SettingValues) -> HTTPSink.Mode {
        let name = values[Self.format].rawValue
        let format = HTTPSink.Format.all.first { $0.description == name } ?? .json
        switch values[mode] {
        case .binary: return .binary
        case .structured: return .structured(format)
        case .batched: return .batched(format)
        }
    }

    private static func credentials(_ values: SettingValues) throws(SettingFlaw) -> ClientCredentials? {
        if let token = values[bearer] { return try ClientCredentials(bearer: token) }
        return values[basic].map(\.credentials)
    }

    private static func problem(_ flaw: SettingFlaw, _ values: SettingValues) -> SettingProblem {
        switch flaw.setting {
        case headers.name: values.problem(headers, flaw.message)
        case bearer.name: values.problem(bearer, flaw.message)
        case format.name: values.problem(format, flaw.message)
        case method.name: values.problem(method, flaw.message)
        case tls.name: values.problem(tls, flaw.message)
        default: values.problem(flaw.message)
        }
    }
}
