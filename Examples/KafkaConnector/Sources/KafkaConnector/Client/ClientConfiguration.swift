// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import OpenConnect

/// What a handle of librdkafka is made with. Owned by this object until a handle takes it over.
final class ClientConfiguration {
    private var pointer: OpaquePointer?
    private let client: ClientSettings

    /// - Parameters:
    ///   - client: the cluster and the user's properties.
    ///   - preset: properties that the user's override.
    ///   - fixed: properties that the connector relies on, by the setting or the reason that the user is pointed to.
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` that names the property.
    init(_ client: ClientSettings, preset: [String: String], fixed: [String: (value: String, instead: String)]) throws {
        self.client = client
        pointer = rd_kafka_conf_new()
        guard !client.brokers.isEmpty, client.brokers.allSatisfy({ !$0.isEmpty && !$0.contains(",") }) else {
            throw ConnectorError(.invalidConfiguration, "brokers needs at least one host:port")
        }
        for name in client.properties.keys.sorted() {
            let reason =
                name == "bootstrap.servers" || name == "metadata.broker.list"
                ? "use the setting 'brokers'" : fixed[name]?.instead
            guard let reason else { continue }
            throw ConnectorError(.invalidConfiguration, "client: '\(name)' cannot be set here; \(reason)")
        }
        try set("bootstrap.servers", client.brokers.joined(separator: ","))
        for (name, value) in preset where client.properties[name] == nil { try set(name, value) }
        for (name, value) in client.properties.sorted(by: { $0.key < $1.key }) {
            try set(name, value.reveal(), isSecret: true)
        }
        for (name, property) in fixed { try set(name, property.value) }
    }

    deinit {
        if let pointer { rd_kafka_conf_destroy(pointer) }
    }

    private func set(_ name: String, _ value: String, isSecret: Bool = false) throws {
        var text = [CChar](repeating: 0, count: 512)
        let result = rd_kafka_conf_set(pointer, name, value, &text, text.count)
        guard result != RD_KAFKA_CONF_OK else { return }
        var reason = String(cCharacters: text)
        if isSecret, !value.isEmpty { reason = reason.replacing(value, with: "…") }
        throw ConnectorError(
            .invalidConfiguration,
            "client: librdkafka does not take '\(name)': \(reason); see its CONFIGURATION.md"
        )
    }

    /// The value that a property has; empty where there is none of that name.
    func value(_ name: String) -> String {
        var text = [CChar](repeating: 0, count: 512)
        var size = text.count
        return rd_kafka_conf_get(pointer, name, &text, &size) == RD_KAFKA_CONF_OK ? String(cCharacters: text) : ""
    }

    /// Lets C functions be set that no text can name.
    func edit(_ body: (OpaquePointer?) -> Void) { body(pointer) }

    /// Gives the configuration to a new handle.
    ///
    /// - Throws: `ConnectorError` with the code `invalidConfiguration`, for what only shows when all is put together: a
    ///   certificate that cannot be read, a mechanism that this build of librdkafka does not have.
    func makeHandle(_ kind: rd_kafka_type_t) throws -> OpaquePointer {
        var text = [CChar](repeating: 0, count: 512)
        guard let handle = rd_kafka_new(kind, pointer, &text, text.count) else {
            var reason = String(cCharacters: text)
            for value in client.properties.values where value.reveal().utf8.count > 3 {
                reason = reason.replacing(value.reveal(), with: "…")
            }
            throw ConnectorError(.invalidConfiguration, "client: librdkafka cannot work with these settings: \(reason)")
        }
        pointer = nil
        return handle
    }
}

extension String {
    /// The text of a buffer that C has filled, up to its first zero.
    init(cCharacters: [CChar]) {
        self.init(decoding: cCharacters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
