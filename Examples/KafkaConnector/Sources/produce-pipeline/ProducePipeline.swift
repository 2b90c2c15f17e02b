// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import KafkaConnector
import OpenConnect

/// The same messages as `produce-loop`, through a pipeline with a source in memory.
///
/// Usage: `produce-pipeline BROKERS TOPIC COUNT SIZE LINGER_MS PARTITIONS`
@main
struct ProducePipeline {
    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count == 7, let count = Int64(words[3]), let size = Int(words[4]), let partitions = Int(words[6])
        else {
            print("Usage: produce-pipeline BROKERS TOPIC COUNT SIZE LINGER_MS PARTITIONS")
            return
        }
        let client = ClientSettings(brokers: [words[1]], properties: ["linger.ms": Secret(words[5])])
        var options = DeliveryOptions()
        options.maxPollRecords = 10_000
        let topic = words[2]
        let pipeline = Pipeline(
            "bench",
            from: GeneratorSource(.text(bytes: size), count: count, partitions: partitions),
            to: KafkaSink(topic: topic, client: client, options: KafkaSink.Options(format: .raw)),
            offsets: InMemoryOffsetStore(),
            options: options
        )
        let clock = ContinuousClock()
        let begin = clock.now
        let counts = try await pipeline.run()
        let elapsed = clock.now - begin
        precondition(counts.delivered == UInt64(count) || Int64(counts.delivered) == count)
        print(elapsed.components.seconds * 1_000_000_000 + elapsed.components.attoseconds / 1_000_000_000)
    }
}
