// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Writes bad records to the dead letters, and settles them when they are safe there.
struct LetterWriter: Sendable {
    let pipeline: String
    let connectorType: String
    let sinkNames: [String]
    let post: LetterPost
    let handOver: HandOver
    let retrier: Retrier

    @concurrent
    func run() async {
        while let pending = await handOver.nextLetters() {
            let letters = pending.map(letter)
            do {
                try await retrier.run("append", of: "dead letters") { try await post.append(letters) }
            } catch {
                // Not the sinks' fault: what is settled can be committed, what is bad is read again.
                handOver.fail(error.inCall("append", of: "dead letters"), sinkIsUsable: false)
                return
            }
            handOver.step { $0.endLetters(pending, &$1) }
            tell(letters, pending.last?.error)
        }
    }

    private func tell(_ letters: [DeadLetter], _ error: ConnectorError?) {
        guard let newest = letters.last else { return }
        retrier.events.send(
            .recordsDeadLettered,
            .warning,
            "records were given up and are in the dead letters",
            attributes: ["letters": "\(letters.count)", "stage": "\(newest.stage)", "code": newest.errorCode],
            error: error
        ) {
            $0.connector = newest.sink
            $0.records = letters.count
        }
    }

    private func letter(_ pending: PendingLetter) -> DeadLetter {
        let now = handOver.clock.now
        let wallClock = RecordTimestamp.now
        let first = pending.items.compactMap(\.firstFailure).min() ?? now
        var letter = DeadLetter(
            record: pending.polled ?? pending.items[0].record,
            pipeline: pipeline,
            connector: connectorType,
            stage: .put,
            error: pending.error,
            attempts: pending.items.map(\.failures).max() ?? 1,
            firstFailure: wallClock.advanced(by: .zero - now.since(first)),
            lastFailure: wallClock
        )
        switch pending.place {
        case .beforeSinks(let stage):
            letter.stage = stage
        case .sink(let sink):
            letter.sink = sinkNames[sink]
            letter.parts = pending.items.map { Int($0.origin.part) }
        }
        return letter
    }
}
