// SPDX-License-Identifier: Apache-2.0

// Runs a sink against a source that delivers whole transactions, without any real system.

// snippet.show
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect

let table = TransactionalTable { commit in commit == 1 ? .lostAfterCommit : .arrives }
let pipeline = Pipeline(
    "transactions",
    from: TransactionLog([["a1", "a2"], ["b1"], ["c1", "c2", "c3"]]),
    to: TransactionalTable.Writer(table)
)
try await pipeline.run()
precondition(table.rows == ["a1", "a2", "b1", "c1", "c2", "c3"])
