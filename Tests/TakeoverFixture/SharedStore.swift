// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Offsets that processes take over from each other, as if the lease of whoever held them had run out.
struct SharedStore: OffsetStore {
    let file: SharedFile

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        let header = try file.update { lines in
            var header = Header(lines)
            header.epoch += 1
            lines = header.lines
            return header
        }
        return OffsetClaim(
            token: ClaimToken(scope: request.scope, epoch: Epoch(header.epoch)),
            positions: header.position.map { [$0] } ?? []
        )
    }

    func renew(_ claim: ClaimToken) async throws {}

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try file.update { lines in
            var header = Header(lines)
            guard header.epoch == claim.epoch.number else {
                throw ConnectorError(.fenced, "the offsets belong to epoch \(header.epoch)")
            }
            header.position = changes.positions.last ?? header.position
            lines = header.lines
        }
    }

    func release(_ claim: ClaimToken) async throws {}
}
