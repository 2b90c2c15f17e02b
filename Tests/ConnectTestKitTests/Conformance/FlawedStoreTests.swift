// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

@Suite("Offset stores with one flaw, each caught by the check that is meant for it", .timeLimit(.minutes(240)))
struct FlawedStoreTests {
    static let cases: [(StoreFlaw, String, Set<String>)] = [
        (
            .keepsOldest, "positions",
            [
                "remove", "checkpoints", "concurrent", "reopen", "release", "wait", "takeOver", "fenced", "scopes",
                "cancelled", "names",
            ]
        ),
        (.forgetsOthers, "positions", ["remove", "empty", "scopes", "cancelled", "fenced", "names"]),
        (.noSequence, "offsets", []),
        (.shortOffsets, "offsets", []),
        (.foldsCase, "names", []),
        (.losesManyPositions, "many", []),
        (.ignoresRemove, "remove", ["reopen"]),
        (.oneCheckpoint, "checkpoints", []),
        (.forgetsCheckpoints, "checkpoints", ["reopen"]),
        (.emptySaveThrows, "empty", ["fenced"]),
        (.losesConcurrent, "concurrent", []),
        (.cancelledSaveIsHalf, "cancelled", []),
        (.saveIgnoresCancellation, "cancelled", []),
        (.reopensEmpty, "reopen", []),
        (.leaksDescriptor, "descriptors", []),
        (.sameEpoch, "epochs", ["fenced", "renew", "release", "wait", "takeOver", "partitions", "reopen"]),
        (.epochsRestart, "reopen", []),
        (.alwaysGives, "owned", ["release", "partitions"]),
        (.releaseOfOthers, "release", []),
        (
            .releaseForgets, "release",
            [
                "positions", "remove", "checkpoints", "empty", "concurrent", "cancelled", "reopen", "wait", "takeOver",
                "fenced", "scopes",
            ]
        ),
        (.waitFails, "wait", ["wait.cancelled"]),
        (.waitSeesOldPositions, "wait", []),
        (.waitIgnoresCancellation, "wait.cancelled", []),
        (.cancelledWaitOwns, "wait.cancelled", []),
        (.takeOverFails, "takeOver", ["fenced", "renew", "epochs", "cancelled", "partitions"]),
        (.savesWhenFenced, "fenced", []),
        (.fencedSaveIsHalf, "fenced", []),
        (.renewsAnything, "renew", ["partitions"]),
        (.partitionsIgnoreConnector, "partitions", ["scopes", "epochs"]),
        (.mixesConnectors, "scopes", ["checkpoints", "names", "concurrent"]),
    ]

    @Test("a flaw of a store is caught", arguments: cases)
    func store(_ flaw: StoreFlaw, _ check: String, _ others: Set<String>) async {
        await expectCaught(
            by: "store." + check,
            alsoBy: Set(others.map { "store." + $0 })
        ) { names in
            await OffsetStoreConformance("\(flaw)", limits: .flawed) { StoreFlaw?.some(flaw).subject() }.run(
                only: names
            )
        }
    }
}
