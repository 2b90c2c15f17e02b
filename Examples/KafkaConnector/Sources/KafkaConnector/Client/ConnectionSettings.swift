// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The settings that source and sink have in common.
enum ConnectionSettings {
    static let brokers = Setting<[String]>("brokers", "The brokers to begin with, each as host:port.")
        .checked("at least one host:port") { list in
            !list.isEmpty && list.allSatisfy { !$0.isEmpty && !$0.contains(",") && !$0.contains(" ") }
        }
        .example(["localhost:9092"])
    static let client = Setting<[String: Secret]>(
        "client",
        "Properties of librdkafka by name, all values as texts: security.protocol, sasl.mechanisms, fetch.min.bytes …",
        default: [:]
    )

    static func client(_ values: SettingValues) -> ClientSettings {
        ClientSettings(brokers: values[brokers], properties: values[client])
    }
}

/// A topic's name, by the rules of Kafka.
enum TopicName {
    static func isValid(_ name: String) -> Bool {
        (1...249).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default:
                    false
                }
            }
    }
}
