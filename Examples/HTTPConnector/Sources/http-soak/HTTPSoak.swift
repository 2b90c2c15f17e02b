// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Hours of work in miniature: senders → http-connector → a receiver that fails for some of the requests.
///
/// `http-soak [EVENTS [KEYS [FAULTS]]]`: 1 000 000 events with 64 keys and a fault in 1 of 100 requests (503, no answer, a
/// connection that is reset before or after the event was taken), unless told otherwise. Prints a line of JSON, and ends
/// with status 1 where an event is missing or the order of a key is broken.
@main
struct HTTPSoak {
    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        let events = words.first.flatMap { Int($0) } ?? 1_000_000
        let keys = words.count > 1 ? Int(words[1]) ?? 64 : 64
        let faults = words.count > 2 ? Double(words[2]) ?? 0.01 : 0.01
        let receiver = FaultyReceiver(keys: keys, eventsPerKey: events / keys, faultRate: faults)
        let report = try await soak(receiver, keys: keys, eventsPerKey: events / keys)
        print(report.json(receiver))
        exit(receiver.delivered == events / keys * keys && receiver.misplaced == 0 ? 0 : 1)
    }

    private static func soak(_ receiver: FaultyReceiver, keys: Int, eventsPerKey: Int) async throws -> SoakReport {
        let (ports, announce) = AsyncStream<Int>.makeStream()
        return try await withThrowingTaskGroup(of: SoakReport?.self) { group in
            group.addTask {
                try await receiver.run { announce.yield($0) }
                return nil
            }
            defer { group.cancelAll() }
            for await port in ports {
                group.addTask {
                    try await ConnectorRun(receiverPort: port, keys: keys, eventsPerKey: eventsPerKey).run()
                }
                break
            }
            while let report = try await group.next() { if let report { return report } }
            throw SoakError(description: "the receiver ended")
        }
    }
}

struct SoakError: Error, CustomStringConvertible {
    let description: String
}
