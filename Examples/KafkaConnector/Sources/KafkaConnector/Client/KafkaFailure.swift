// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import OpenConnect

/// An error code of Kafka or librdkafka, and what it means for a pipeline.
struct KafkaFailure: Error, Hashable {
    let code: rd_kafka_resp_err_t

    init(_ code: rd_kafka_resp_err_t) { self.code = code }

    /// The name of the code, such as `TOPIC_AUTHORIZATION_FAILED`; those of librdkafka itself begin with an underscore.
    var name: String { rd_kafka_err2name(code).map { String(cString: $0) } ?? "\(code.rawValue)" }

    var words: String { rd_kafka_err2str(code).map { String(cString: $0) } ?? name }

    /// Whether the group has changed, or is changing, without this member: it will get other partitions.
    var endsGeneration: Bool {
        switch code {
        case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
            true
        default:
            false
        }
    }

    /// Whether it is about a message, and not about what is around it.
    var isRefusal: Bool { meaning == .invalidRecord }

    /// Whether no broker can be reached for now; librdkafka goes on trying. Besides a login that is refused, one that was
    /// interrupted is an `_AUTHENTICATION`.
    var isOutage: Bool {
        code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__AUTHENTICATION
    }

    /// - Parameters:
    ///   - subject: what failed, as the beginning of a sentence.
    ///   - detail: what librdkafka said of this one case.
    func error(_ subject: String, detail: String? = nil) -> ConnectorError {
        let advice = advice.map { "; \($0)" } ?? ""
        return ConnectorError(meaning, "\(subject): \(detail ?? words) (\(name))\(advice)")
    }

    private var meaning: ConnectorError.Code {
        switch code {
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE,
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__DESTROY,
            RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, RD_KAFKA_RESP_ERR__AUTHENTICATION:
            .notConnected
        case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, RD_KAFKA_RESP_ERR__QUEUE_FULL:
            .throttled
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG, RD_KAFKA_RESP_ERR_INVALID_RECORD,
            RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
            .invalidRecord
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
            RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS, RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
            RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, RD_KAFKA_RESP_ERR__INVALID_ARG:
            .invalidConfiguration
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
            .corruptOffsets
        default:
            .retryable
        }
    }

    private var advice: String? {
        switch code {
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
            "create it, or let the brokers create topics"
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
            "raise message.max.bytes here and max.message.bytes of the topic"
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
            "give the user the right to read or write it"
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            "give the user the right to read with this group"
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
            "check user and password in client"
        case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
            "give each member of the group a 'group.instance.id' of its own, or none"
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
            "records that were not read yet are gone, or there is no position; say with 'autoOffsetReset' where to begin"
        default:
            nil
        }
    }
}

extension rd_kafka_resp_err_t {
    /// Whether there was no error.
    var isNone: Bool { self == RD_KAFKA_RESP_ERR_NO_ERROR }
}
