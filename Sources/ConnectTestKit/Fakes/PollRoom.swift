// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What a poll may still return of its request.
struct PollRoom {
    private let request: PollRequest
    private var records = 0
    private var bytes = 0

    init(_ request: PollRequest) { self.request = request }

    /// Takes the place of one more record, if there is any; the first one is taken whatever its size.
    mutating func takes(_ entry: String) -> Bool {
        let size = entry.utf8.count
        guard records < request.maxRecords, records == 0 || bytes + size <= request.maxBytes else { return false }
        records += 1
        bytes += size
        return true
    }
}

extension RecordOffset {
    /// The number that follows this one, where it is a number.
    ///
    /// - Throws: ``ConnectorError`` with the code `corruptOffsets` for anything else: it was stored by another source.
    func followingSequence() throws -> Int64 {
        if let sequence { return sequence + 1 }
        throw ConnectorError(.corruptOffsets, "the stored offset \(self) is no number; use the source that stored it")
    }
}
