// SPDX-License-Identifier: Apache-2.0

import CBench
import ConnectRuntimeKit
import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// How long it takes from the return of a poll until the source knows that its records are committed.
///
/// The commit interval is zero: what is committable is committed at once. Under load a batch of 1000 records comes every
/// millisecond.
struct LatencyCase: Sendable {
    let name: String
    let isAtRest: Bool
    let storesInFiles: Bool
    let batches: Int

    static let all = [
        LatencyCase(name: "memory/latency/rest", isAtRest: true, storesInFiles: false, batches: 2000),
        LatencyCase(name: "memory/latency/load", isAtRest: false, storesInFiles: false, batches: 500),
        LatencyCase(name: "memory/latency/rest/file-store", isAtRest: true, storesInFiles: true, batches: 500),
        LatencyCase(name: "memory/latency/load/file-store", isAtRest: false, storesInFiles: true, batches: 500),
    ]

    func compare(rounds: Int) async throws {
        try await withTemporaryDirectory { directory in
            var (p50, p99, noise, byHand, sync) = ([Double](), [Double](), [Double](), [Double](), [Double]())
            for round in 0..<rounds {
                let first = try await run(storingIn: "\(directory)/\(round)-a")
                if storesInFiles { sync.append(quantile(0.5, try synchronizations(in: directory))) }
                byHand.append(quantile(0.5, try await handWritten(storingIn: "\(directory)/\(round)-c")))
                let again = try await run(storingIn: "\(directory)/\(round)-b")
                p50.append(quantile(0.5, first))
                p99.append(quantile(0.99, first))
                noise.append(quantile(0.5, again) / quantile(0.5, first))
            }
            let baseline =
                storesInFiles ? "\"baseline\": \"one fdatasync\", \"baseline_p50_us\": \(median(sync)), " : ""
            let durability = storesInFiles ? "offsets synced at every commit" : "none: positions in memory"
            print(
                "{\"name\": \"\(name)\", \"p50_us\": \(median(p50)), \"p99_us\": \(median(p99)), \(baseline)"
                    + "\"by_hand_p50_us\": \(median(byHand)), \"noise\": \(median(noise)), \"runs\": \(rounds), \"rss_mb\": \(peakMegabytes()), "
                    + "\"durability\": \"\(durability)\"}"
            )
        }
    }

    private var source: LatencySource {
        let pause: Duration = isAtRest ? .microseconds(100) : .milliseconds(1)
        return LatencySource(batches: batches, batch: isAtRest ? 1 : 1000, pause: pause, isAtRest: isAtRest)
    }

    private func store(in directory: String) -> any OffsetStore {
        storesInFiles ? FileOffsetStore(directory: directory) : InMemoryOffsetStore()
    }

    /// The latency of each batch, in microseconds.
    private func run(storingIn directory: String) async throws -> [Double] {
        let source = source
        var options = DeliveryOptions()
        options.commitInterval = .zero
        let store = store(in: directory)
        let pipeline = Pipeline("latency", from: source, to: MemorySink(), offsets: store, options: options)
        _ = try await pipeline.run()
        precondition(source.latencies.count == batches)
        return source.latencies.map { $0 / .microseconds(1) }
    }

    /// The same of a loop that makes the same calls, one after the other, and does nothing else.
    private func handWritten(storingIn directory: String) async throws -> [Double] {
        let (source, sink, store) = (source, MemorySink(), store(in: directory))
        let claim = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "latency"))).token
        var sequence: UInt64 = 0
        while case let polled = try await source.poll(PollRequest(maxRecords: 1000)), !polled.isEnd {
            _ = try await sink.put(RecordBatch(polled.records))
            try await sink.flush()
            sequence += UInt64(polled.records.count)
            guard let position = polled.records.last?.position else { preconditionFailure("a record without offset") }
            let stored = StoredPosition(position, sequence: sequence)
            try await store.save(OffsetChanges(positions: [stored]), under: claim)
            try await source.commit([position])
        }
        try await store.release(claim)
        precondition(source.latencies.count == batches)
        return source.latencies.map { $0 / .microseconds(1) }
    }

    /// The time of one append of 64 bytes with one fdatasync, in microseconds.
    private func synchronizations(in directory: String) throws -> [Double] {
        let file = open("\(directory)/baseline", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        precondition(file >= 0)
        defer { close(file) }
        let bytes = [UInt8](repeating: 0x61, count: 64)
        return (0..<200).map { _ in
            let start = ContinuousClock.now
            precondition(write(file, bytes, bytes.count) == bytes.count && cbench_synchronize(file) == 0)
            return (ContinuousClock.now - start) / .microseconds(1)
        }
    }
}

private func quantile(_ share: Double, _ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
}

/// The directory is in the present one, so that it is on a disk and not in memory, and is removed at the end.
private func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    var template = Array("runner-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { preconditionFailure("no directory can be made here") }
    let directory = String(cString: template)
    defer { remove(directory) }
    try await body(directory)
}

/// Removes a directory with everything in it.
private func remove(_ path: String) {
    if let entries = opendir(path) {
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != ".", name != ".." else { continue }
            if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        }
        closedir(entries)
    }
    rmdir(path)
}
