// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite struct RecordPartitionTests {
    @Test("G2: names of other bytes are other partitions, though they look the same")
    func bytesTell() {
        let (composed, decomposed) = (RecordPartition("caf\u{E9}"), RecordPartition("cafe\u{301}"))
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, RecordPartition("caf\u{E9}")]).count == 2)
        #expect(composed == RecordPartition("caf\u{E9}", defaults: RecordDefaults(source: "/s", type: "t")))
    }

    @Test("the only partition has no name")
    func single() {
        #expect(RecordPartition("") == .single && RecordPartition.single.name.isEmpty)
        #expect(RecordPartition("", defaults: RecordDefaults(source: "/s", type: "t")) == .single)
    }
}
