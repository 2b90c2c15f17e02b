// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import KafkaConnector
import OpenConnect

/// The same messages as `produce-loop`, through a pipeline with a source in memory.
///
/// Usage: `produce-pipeline BROKERS TOPIC COUNT SIZE PARTITIONS`
@main
struct ProducePipeline {
    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count == 6, let count = Int(words[3]), let size = Int(words[4]), let partitions = Int(words[5])
        else {
            print("Usage: produce-pipeline BROKERS TOPIC COUNT SIZE PARTITIONS")
            return
        }
        let client = ClientSettings(brokers: [words[1]])
        var options = DeliveryOptions()
        options.maxPollRecords = 10_000
        let topic = words[2]
        let pipeline = Pipeline(
            "bench",
            from: MemorySource(count: count, size: size, partitions: partitions),
            to: KafkaSink(topic: topic, client: client, options: KafkaSink.Options(format: .raw)),
            offsets: InMemoryOffsetStore(),
            options: options
        )
        let clock = ContinuousClock()
        let begin = clock.now
        let counts = try await pipeline.run()
        let elapsed = clock.now - begin
        guard Int(counts.delivered) == count else { fatalError("\(counts.delivered) of \(count) were delivered") }
        print(elapsed.components.seconds * 1_000_000_000 + elapsed.components.attoseconds / 1_000_000_000)
    }
}

/// Records of the same bytes, each partition's in turn, as many as are asked for.
private actor MemorySource: Source {
    private let count: Int
    private let data: RecordData
    private let partitions: [RecordPartition]
    private var next = 0

    init(count: Int, size: Int, partitions: Int) {
        self.count = count
        data = .bytes(SharedBytes(Array(repeating: UInt8(ascii: "x"), count: size)))
        self.partitions = (0..<partitions).map { RecordPartition("\($0)") }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        let end = min(count, next + min(request.maxRecords, max(1, request.maxBytes / data.count)))
        var records: [ConnectorRecord] = []
        records.reserveCapacity(end - next)
        for number in next..<end {
            let partition = partitions[number % partitions.count]
            records.append(ConnectorRecord(data, partition: partition, offset: RecordOffset(Int64(number))))
        }
        next = end
        return SourceBatch(records, isEnd: end == count)
    }
}
