// SPDX-License-Identifier: Apache-2.0

// Tests a function in a pipeline whose systems are in memory.

// snippet.show
import ConnectRuntimeKit
import OpenConnect

let (orders, accepted) = (InMemoryLog(["ball", "", "cube"]), InMemoryLog())
let pipeline = Pipeline(
    "orders",
    from: InMemorySource(orders),
    through: [InlineFunction.filter { $0.data.count > 0 }],
    to: InMemorySink(accepted),
    offsets: InMemoryOffsetStore()
)
try await pipeline.run()
precondition(accepted.texts == ["ball", "cube"])
precondition(orders.committed().first?.offset.sequence == 2)
