// SPDX-License-Identifier: Apache-2.0

// Holds an offset store against its contract, in a test.

// snippet.show
import ConnectRuntimeKit
import ConnectTestKit

func storeKeepsItsContract() async throws {
    let report = await OffsetStoreConformance("InMemoryOffsetStore") {
        OffsetStoreSubject { InMemoryOffsetStore() }
    }.run()
    try report.check()
}
// snippet.hide

try await storeKeepsItsContract()
