// SPDX-License-Identifier: Apache-2.0

// Holds a source and a sink against their contracts.

// snippet.show
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect

let source = await SourceConformance("InMemorySource") {
    let log = InMemoryLog()
    var subject = SourceSubject(
        makeSource: { InMemorySource(log) },
        write: { items in for item in items { log.append(.text(item)) } }
    )
    subject.finish = { log.finish() }
    return subject
}.run()
try source.check()

let sink = await SinkConformance("TransactionalTable.Writer") {
    let table = TransactionalTable()
    return SinkSubject(makeSink: { TransactionalTable.Writer(table) }, durable: { table.rows })
}.run()
try sink.check()
// snippet.hide

print(source)
print(sink)
