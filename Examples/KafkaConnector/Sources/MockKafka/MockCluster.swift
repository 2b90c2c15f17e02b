// SPDX-License-Identifier: Apache-2.0

import CRdKafka

/// A cluster that lives in the memory of this process: the mock cluster of librdkafka.
///
/// It speaks the protocol of Kafka on ports of 127.0.0.1, with topics, consumer groups and idempotent producers. It is no
/// broker: nothing is on a disk, of each partition only the newest 5 MB are kept, and there is neither TLS nor SASL.
public final class MockCluster: @unchecked Sendable {
    /// An error code by its name, such as `TOPIC_EXCEPTION`.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let handle: OpaquePointer
    private let cluster: OpaquePointer
    private let size: Int32
    /// The brokers, as `host:port`.
    public let brokers: [String]

    /// A cluster of some brokers, without topics; a topic that somebody asks for is made with four partitions.
    public init(brokers size: Int = 1) throws {
        let conf = rd_kafka_conf_new()
        rd_kafka_conf_set_log_cb(conf, nil)
        guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nil, 0) else {
            throw Failure(description: "librdkafka does not start")
        }
        guard let cluster = rd_kafka_mock_cluster_new(handle, Int32(size)),
            let list = rd_kafka_mock_cluster_bootstraps(cluster)
        else {
            rd_kafka_destroy(handle)
            throw Failure(description: "the mock cluster does not start")
        }
        self.handle = handle
        self.cluster = cluster
        self.size = Int32(size)
        brokers = String(cString: list).split(separator: ",").map(String.init)
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(handle)
    }

    /// Makes a topic.
    public func createTopic(_ name: String, partitions: Int) throws {
        try check(rd_kafka_mock_topic_create(cluster, name, Int32(partitions), 1))
    }

    /// Closes all connections and takes no others, or takes them again. What the brokers hold stays.
    public func setReachable(_ isReachable: Bool) throws {
        for broker in 1...size {
            try check(
                isReachable
                    ? rd_kafka_mock_broker_set_up(cluster, broker) : rd_kafka_mock_broker_set_down(cluster, broker)
            )
        }
    }

    /// Has each answer take that many milliseconds.
    public func setRoundTrip(milliseconds: Int) throws {
        for broker in 1...size { try check(rd_kafka_mock_broker_set_rtt(cluster, broker, Int32(milliseconds))) }
    }

    /// Has the next requests of a kind answered with an error.
    ///
    /// - Parameters:
    ///   - api: the number of the request in the protocol: 0 for Produce, 8 for OffsetCommit.
    ///   - code: the protocol's error code.
    ///   - count: how many requests.
    public func failRequests(api: Int, code: Int, count: Int = 1) {
        let errors = [rd_kafka_resp_err_t](repeating: rd_kafka_resp_err_t(rawValue: Int32(code)), count: count)
        rd_kafka_mock_push_request_errors_array(cluster, Int16(api), errors.count, errors)
    }

    private func check(_ code: rd_kafka_resp_err_t) throws {
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw Failure(description: rd_kafka_err2name(code).map { String(cString: $0) } ?? "\(code.rawValue)")
    }
}
