// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Delivery options", .timeLimit(.minutes(10)))
struct DeliveryOptionsTests {
    struct Wrong: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout DeliveryOptions) -> Void
    }

    static let wrong = [
        Wrong(testDescription: "maxPollRecords") { $0.maxPollRecords = 0 },
        Wrong(testDescription: "maxInFlightRecords") { $0.maxInFlightRecords = 0 },
        Wrong(testDescription: "maxInFlightBytes") { $0.maxInFlightBytes = -1 },
        Wrong(testDescription: "maxUncommittedRecords") { $0.maxUncommittedRecords = 0 },
        Wrong(testDescription: "maxUncommittedBytes") { $0.maxUncommittedBytes = 0 },
        Wrong(testDescription: "maxUncommittedTime") { $0.maxUncommittedTime = .zero },
        Wrong(testDescription: "laneShare") { $0.laneShare = .nan },
        Wrong(testDescription: "laneShare") { $0.laneShare = 1.5 },
    ]

    @Test("G13: options that nothing can be delivered with are refused by name", arguments: wrong)
    func refused(_ wrong: Wrong) async {
        var options = DeliveryOptions()
        wrong.change(&options)
        let source = InMemorySource(InMemoryLog([]))
        let sink = InMemorySink(InMemoryLog())
        let pipeline = Pipeline("p", from: source, to: sink, offsets: InMemoryOffsetStore(), options: options)
        let error = await #expect(throws: ConnectorError.self) { try await pipeline.run() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(wrong.testDescription) == true, "\(String(describing: error))")
    }

    @Test(
        "a part of a limit is never larger than the limit, however large that is",
        arguments: [(1.0, Int.max, Int.max), (0.25, 100, 25), (0, .max, 0), (1, 7, 7), (0.5, 7, 3)]
    )
    func laneShare(share: Double, limit: Int, expected: Int) {
        #expect(DeliveryOptions.with { $0.laneShare = share }.laneShare(of: limit) == expected)
    }
}
