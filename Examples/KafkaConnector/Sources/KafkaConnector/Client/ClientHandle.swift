// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import Dispatch
import OpenConnect
import Synchronization

/// A producer or consumer of librdkafka, and where its messages to the operator go.
///
/// librdkafka is safe to call from any thread; the pointer is valid until ``destroy()``, which is the last call.
final class ClientHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    private let log: ClientLog

    init(_ kind: rd_kafka_type_t, _ configuration: ClientConfiguration, log: ClientLog) throws {
        self.log = log
        configuration.edit { conf in
            rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(log).toOpaque())
            rd_kafka_conf_set_log_cb(conf) { handle, level, facility, text in
                guard let handle, let opaque = rd_kafka_opaque(handle) else { return }
                let log = Unmanaged<ClientLog>.fromOpaque(opaque).takeUnretainedValue()
                log.note(
                    level: level,
                    facility.map { String(cString: $0) } ?? "",
                    text.map { String(cString: $0) } ?? ""
                )
            }
        }
        pointer = try configuration.makeHandle(kind)
    }

    /// Why the client can do nothing any more, if that is so, and what librdkafka says of it.
    var fatalFailure: (KafkaFailure, detail: String)? {
        var text = [CChar](repeating: 0, count: 512)
        let code = rd_kafka_fatal_error(pointer, &text, text.count)
        return code.isNone ? nil : (KafkaFailure(code), String(cCharacters: text))
    }

    /// Ends its threads. Nothing of it may be used any more.
    func destroy() async {
        await offCallingThread { rd_kafka_destroy(self.pointer) }
        log.end()
    }

    /// Ends its threads without waiting for them, where it was never used.
    func abandon() {
        DispatchQueue.global(qos: .utility).async {
            rd_kafka_destroy(self.pointer)
            self.log.end()
        }
    }

    /// Asks the cluster for its topics and says what is wrong with those that are needed.
    ///
    /// - Throws: `ConnectorError` with the code `notConnected` where no broker answers within the time.
    func check(topics: [String], timeout: Duration) async throws {
        let limit = Int32(clamping: timeout.components.seconds * 1000)
        let failures: Result<[String: rd_kafka_resp_err_t], KafkaFailure> = await offCallingThread {
            var found: UnsafePointer<rd_kafka_metadata>?
            let result = rd_kafka_metadata(self.pointer, 1, nil, &found, limit)
            guard result.isNone, let found else { return .failure(KafkaFailure(result)) }
            defer { rd_kafka_metadata_destroy(found) }
            var failures: [String: rd_kafka_resp_err_t] = [:]
            for topic in topics { failures[topic] = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART }
            for index in 0..<Int(found.pointee.topic_cnt) {
                let topic = found.pointee.topics[index]
                let name = String(cString: topic.topic)
                if failures[name] != nil { failures[name] = topic.err }
            }
            return .success(failures)
        }
        switch failures {
        case .failure(let failure):
            throw failure.error(
                "the cluster does not answer",
                detail: log.newestFailure.map { "\(failure.words), \($0)" }
            )
        case .success(let codes):
            for (topic, code) in codes.sorted(by: { $0.key < $1.key }) where !code.isNone {
                throw KafkaFailure(code).error("the topic '\(topic)' cannot be used")
            }
        }
    }
}

/// Runs what blocks on a thread of its own, so that it takes none from the tasks.
func offCallingThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        DispatchQueue.global(qos: .utility).async { continuation.resume(returning: body()) }
    }
}
