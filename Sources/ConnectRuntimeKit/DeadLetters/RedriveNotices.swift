// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Why letters were kept without a try, so that each reason is told once, with the number of letters.
struct RedriveNotices: Sendable {
    private var reasons: [(text: String, count: Int)] = []

    mutating func note(_ reason: String) {
        if let index = reasons.firstIndex(where: { $0.text == reason }) {
            reasons[index].count += 1
        } else {
            reasons.append((reason, 1))
        }
    }

    func report(_ counts: RedriveCounts, _ events: EventSender) {
        for reason in reasons {
            events.send(
                .deadLettersKept,
                .warning,
                "dead letters are kept: \(reason.text)",
                attributes: ["letters": "\(reason.count)"]
            ) {
                $0.records = reason.count
            }
        }
        events.send(
            .deadLettersRedriven,
            .info,
            "dead letters were redriven",
            attributes: [
                "delivered": "\(counts.delivered)", "filtered": "\(counts.filtered)",
                "dropped": "\(counts.dropped)", "failed again": "\(counts.failedAgain)", "kept": "\(counts.kept)",
            ]
        ) {
            $0.records = counts.delivered
        }
    }
}
