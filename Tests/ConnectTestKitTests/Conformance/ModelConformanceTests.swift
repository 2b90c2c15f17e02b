// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@Suite("S102 S103 S104 S105: model connectors that keep their contracts", .timeLimit(.minutes(60)))
struct ModelConformanceTests {
    @Test("S103: a source of two logs passes")
    func source() async {
        await expectConforming(
            applicable: Set(SourceConformance.checks).subtracting([
                "source.acknowledge", "source.assigned", "source.revoke", "source.lost", "source.readers",
            ])
        ) {
            await SourceConformance("a source of two logs") {
                let upstream = ModelUpstream()
                return upstream.subject { ModelSource(upstream) }
            }.run()
        }
    }

    @Test("a source of units, with progress marks, passes")
    func units() async {
        await expectConforming {
            await SourceConformance("a source of units") {
                let upstream = ModelUpstream()
                var subject = upstream.subject { ModelSource(upstream, .init(unitSize: 3, marks: true)) }
                subject.unitSize = 3
                return subject
            }.run()
        }
    }

    @Test(
        "a source whose upstream keeps the positions passes, also where that delivers again after an outage",
        arguments: [false, true]
    )
    func upstreamKept(redelivers: Bool) async {
        await expectConforming(applicable: ["source.reconnect"]) {
            await SourceConformance("a source with positions of its upstream") {
                let upstream = ModelUpstream()
                return upstream.subject {
                    ModelSource(upstream, .init(keeper: .upstream, redelivers: redelivers))
                }
            }.run()
        }
    }

    @Test("a source without offsets, whose positions nobody keeps, passes")
    func feed() async {
        await expectConforming(applicable: ["source.order", "source.positions", "source.poll.keeps", "source.end"]) {
            await SourceConformance("a feed") { ModelFeed.subject() }.run()
        }
    }

    @Test(
        "a source whose partitions come and go passes",
        arguments: [SourceTraits.PositionKeeper.upstream, .offsetStore]
    )
    func dynamic(_ keeper: SourceTraits.PositionKeeper) async {
        await expectConforming(applicable: ["source.assigned", "source.revoke", "source.lost"]) {
            await SourceConformance("a source with partitions that come and go") {
                let upstream = ModelUpstream()
                return upstream.subject { ModelSource(upstream, .init(keeper: keeper, isDynamic: true)) }
            }.run()
        }
    }

    @Test("a queue passes")
    func queue() async {
        await expectConforming(applicable: ["source.acknowledge", "source.resume", "source.commit.concurrent"]) {
            await SourceConformance("a queue") { ModelQueue.subject(nil) }.run()
        }
    }

    @Test("a partitioned source passes")
    func shards() async {
        await expectConforming(applicable: [
            "source.readers", "source.resume", "source.partitions", "source.idle", "source.end",
        ]) {
            await SourceConformance("shards") { ModelShards.subject(nil) }.run()
        }
    }

    @Test("S105: a sink passes, and one with several puts at a time", arguments: [1, 4])
    func sink(concurrent: Int) async {
        await expectConforming(
            applicable: Set(SinkConformance.checks.filter { $0.split(separator: ".").count == 2 })
                .subtracting(["sink.checkpoint", "sink.positions", "sink.concurrent", "sink.pipelined"])
        ) {
            await SinkConformance("a sink") {
                let storage = ModelStorage()
                return storage.subject { ModelSink(storage, concurrent: concurrent) }
            }.run()
        }
    }

    @Test(
        "a sink that takes other batches early passes, also where these fail behind one that failed",
        arguments: [false, true]
    )
    func pipelined(failsWhole: Bool) async {
        await expectConforming(applicable: ["sink.pipelined", "sink.pipelined.notTried", "sink.order"]) {
            await SinkConformance("a sink that takes other batches early") {
                let storage = ModelStorage()
                return storage.subject { ModelPipeline(storage, failsWhole: failsWhole) }
            }.run()
        }
    }

    @Test("a sink without an order passes")
    func unordered() async {
        await expectConforming {
            await SinkConformance("a sink without an order") {
                let storage = ModelStorage()
                return storage.subject { ModelSink(storage, isOrdered: false) }
            }.run()
        }
    }

    @Test("what a sink lets through behind a bad record is not called checked where nothing waits")
    func nothingWaits() async {
        let report = await SinkConformance("a sink without an order that takes other batches early") {
            let storage = ModelStorage()
            return storage.subject { ModelPipeline(storage, isOrdered: false) }
        }.run(only: ["sink.pipelined.notTried"])
        #expect(report.results.map(\.verdict) == [.notApplicable], "\(report)")
    }

    @Test("S105: a sink that can be cut back passes")
    func checkpoints() async {
        await expectConforming(applicable: Set(SinkConformance.checks.filter { $0.contains("checkpoint") })) {
            await SinkConformance("a sink with checkpoints") {
                let storage = ModelStorage()
                return storage.subject { ModelCheckpointSink(storage) }
            }.run()
        }
    }

    @Test("S105: a sink that keeps positions passes")
    func positions() async {
        await expectConforming(applicable: Set(SinkConformance.checks.filter { $0.contains("positions") })) {
            await SinkConformance("a sink with positions") {
                let storage = ModelStorage()
                return storage.subject { ModelTableSink(storage) }
            }.run()
        }
    }

    @Test("a store without a flaw passes")
    func store() async {
        await expectConforming(applicable: Set(OffsetStoreConformance.checks)) {
            await OffsetStoreConformance("a store") { StoreFlaw?.none.subject() }.run()
        }
    }
}

extension ModelQueue {
    static func subject(_ flaw: QueueFlaw?) -> SourceSubject {
        let upstream = ModelUpstream(partitions: 1)
        var subject = upstream.subject { ModelQueue(upstream, flaw) }
        subject.setReachable = nil
        subject.writeBadInput = nil
        return subject
    }
}

extension ModelShards {
    static func subject(_ flaw: ShardsFlaw?) -> SourceSubject {
        let upstream = ModelUpstream()
        var subject = upstream.subject { ModelShards(upstream, flaw) }
        subject.setReachable = nil
        subject.writeBadInput = nil
        return subject
    }
}
