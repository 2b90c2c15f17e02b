// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What a store is asked to do.
enum OffsetOperation: Sendable {
    case claim(ClaimRequest)
    case renew(ClaimToken)
    case save(OffsetChanges, ClaimToken)
    case release(ClaimToken)

    var isClaim: Bool {
        if case .claim = self { true } else { false }
    }
}

/// What came of it.
enum OffsetReply: Sendable {
    case done
    /// A scope has become free.
    case freed
    case granted(OffsetClaim)
    case owned(OwnedScope)
    case held(OffsetDirectory.Held)
}

/// What operations that were asked for at the same time do, in their order, if what they log becomes durable.
struct OffsetPlan: Sendable {
    private enum Step {
        case settled(Result<OffsetReply, ConnectorError>)
        case granted(ClaimToken, OffsetEntry)
        case saved(OffsetEntry)
    }

    /// Who owns what afterwards.
    private(set) var claims: ClaimTable
    private var steps: [Step] = []

    init(_ operations: [OffsetOperation], claims: ClaimTable) {
        self.claims = claims
        for operation in operations { steps.append(step(for: operation)) }
    }

    /// What has to become durable.
    var entries: [OffsetEntry] {
        steps.compactMap { step in
            switch step {
            case .settled: nil
            case .granted(_, let entry), .saved(let entry): entry
            }
        }
    }

    /// Stores what has become durable.
    ///
    /// - Returns: a result for each operation.
    func apply(to table: inout OffsetTable) -> [Result<OffsetReply, ConnectorError>] {
        steps.map { step in
            switch step {
            case .settled(let result): return result
            case .saved(let entry):
                table.apply(entry)
                return .success(.done)
            case .granted(let token, let entry):
                table.apply(entry)
                return .success(.granted(table.claim(token)))
            }
        }
    }

    private mutating func step(for operation: OffsetOperation) -> Step {
        do throws(ConnectorError) {
            switch operation {
            case .claim(let request): return claim(request)
            case .renew(let token): try claims.check(token)
            case .release(let token): return .settled(.success(claims.release(token) ? .freed : .done))
            case .save(let changes, let token):
                try claims.check(changes, under: token)
                if !changes.isEmpty { return .saved(.changes(token.scope, changes)) }
            }
            return .settled(.success(.done))
        } catch {
            return .settled(.failure(error))
        }
    }

    private mutating func claim(_ request: ClaimRequest) -> Step {
        switch claims.claim(request) {
        case .success(let token):
            .granted(token, .epoch(connector: token.scope.connector, token.epoch.number))
        case .failure(let owned): .settled(.success(.owned(owned)))
        }
    }
}
