// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("S102 S103 S104 S105: the connectors in memory keep their contracts", .timeLimit(.minutes(60)))
struct MemoryConformanceTests {
    @Test("a source in memory passes", arguments: [1, 3])
    func source(unitSize: Int) async {
        await expectConforming(applicable: ["source.resume", "source.heldBack", "source.idle", "source.end"]) {
            await SourceConformance("InMemorySource") {
                let log = InMemoryLog()
                let partitions = ["a", "b"].map { RecordPartition($0) }
                var subject = SourceSubject(
                    partitionCount: 2,
                    makeSource: { InMemorySource(log) },
                    write: { items, partition in
                        for start in stride(from: 0, to: items.count, by: unitSize) {
                            let unit = items[start..<min(start + unitSize, items.count)]
                            log.append(unit: unit.map { ConnectorRecord(.text($0)) }, to: partitions[partition])
                        }
                    }
                )
                subject.unitSize = unitSize
                subject.finish = { log.finish() }
                return subject
            }.run()
        }
    }

    @Test("a sink in memory passes")
    func sink() async {
        await expectConforming(applicable: ["sink.order", "sink.flush", "sink.data"]) {
            await SinkConformance("InMemorySink") {
                let log = InMemoryLog()
                return SinkSubject(makeSink: { InMemorySink(log) }, durable: { log.texts })
            }.run()
        }
    }

    @Test("a transactional sink in memory passes")
    func transactionalSink() async {
        await expectConforming(applicable: ["sink.positions", "sink.positions.expected", "sink.positions.epoch"]) {
            await SinkConformance("InMemoryTransactionalSink") {
                let log = InMemoryLog()
                return SinkSubject(makeSink: { InMemoryTransactionalSink(log) }, durable: { log.texts })
            }.run()
        }
    }

    @Test("a generator passes", arguments: [GeneratorRate.unlimited, .constant(50_000)])
    func generator(rate: GeneratorRate) async {
        await expectConforming(applicable: ["source.resume", "source.replay", "source.end", "source.maxBytes"]) {
            await SourceConformance("GeneratorSource") {
                let items = Mutex<[String]>([])
                let payload = GeneratedPayload.custom { record in
                    .text(items.withLock { $0[Int(record.number)] })
                }
                var subject = SourceSubject(
                    makeSource: { GeneratorSource(payload, rate: rate, count: Int64(items.withLock(\.count))) },
                    write: { new in items.withLock { $0 += new } }
                )
                subject.growsWhileRead = false
                return subject
            }.run()
        }
    }
}
