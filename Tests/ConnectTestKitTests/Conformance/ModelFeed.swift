// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization

/// A source whose system neither keeps what was read nor wants to hear of it, as a socket of datagrams does.
struct ModelFeed: Source {
    let traits = SourceTraits(acknowledgement: .individual, positions: .nobody, isReplayable: false)
    private let upstream: ModelUpstream

    init(_ upstream: ModelUpstream) { self.upstream = upstream }

    static func subject() -> SourceSubject {
        let upstream = ModelUpstream(partitions: 1)
        var subject = upstream.subject { ModelFeed(upstream) }
        subject.setReachable = nil
        subject.writeBadInput = nil
        return subject
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        while true {
            try Task.checkCancellation()
            let items = take(request)
            if !items.isEmpty { return SourceBatch(items.map { ConnectorRecord(.text($0)) }) }
            if upstream.state.withLock(\.isFinished) { return .end }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private func take(_ request: PollRequest) -> [String] {
        upstream.state.withLock { state in
            var (items, bytes) = ([String](), 0)
            for case .item(let item) in state.logs[0].prefix(request.maxRecords) {
                bytes += item.utf8.count
                if bytes > request.maxBytes, !items.isEmpty { break }
                items.append(item)
            }
            state.logs[0].removeFirst(items.count)
            return items
        }
    }
}
