// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Functions one after the other, none of which waits for anything.
struct FunctionChain: Sendable {
    /// Those in front, as long as they do nothing but to filter.
    private let filter: (any FilteringFunction)?
    /// The others.
    private let functions: [any SynchronousFunction]
    private let sinks: [String]

    init(_ functions: [any SynchronousFunction], sinks: [String]) {
        let filters = functions.map { $0 as? any FilteringFunction }.prefix { $0 != nil }.compactMap(\.self)
        filter = filters.count > 1 ? FilterSeries(filters: filters) : filters.first
        self.functions = Array(functions[filters.count...])
        self.sinks = sinks
    }

    /// Goes on up to the end, to input that was rejected, or to a record of which nothing can be made: its error.
    func apply(to progress: inout StageProgress) -> (any Error)? {
        do {
            if let filter {
                try apply(filter, to: &progress)
            } else {
                while let record = progress.nextAccepted { progress.add(try applyRest(record)) }
            }
            return nil
        } catch {
            return error
        }
    }

    /// The filter is opened once for all records: as an existential it would be copied for each of them.
    private func apply(_ filter: some FilteringFunction, to progress: inout StageProgress) throws {
        while let record = progress.nextAccepted {
            if try !filter.keeps(record) {
                progress.addFiltered()
            } else if functions.isEmpty {
                progress.addUnchanged(record)
            } else {
                progress.add(try applyRest(record))
            }
        }
    }

    /// What becomes of one record.
    func apply(_ record: ConnectorRecord) throws -> FunctionResult.Storage {
        if let filter, try !filter.keeps(record) { return .parts([]) }
        return try applyRest(record)
    }

    private func applyRest(_ record: ConnectorRecord) throws -> FunctionResult.Storage {
        var record = record
        for (index, function) in functions.enumerated() {
            switch try function.apply(record).storage {
            case .one(let next): record = next
            case .parts(let parts): return .parts(try apply(functions[(index + 1)...], to: parts))
            }
        }
        return .one(record)
    }

    private func apply(
        _ functions: ArraySlice<any SynchronousFunction>,
        to parts: [FunctionResult.Part]
    ) throws -> [FunctionResult.Part] {
        var parts = parts
        for function in functions {
            parts = try parts.flatMap { $0.becoming(try function.apply($0.record)) }
        }
        try parts.check(for: sinks)
        return parts
    }
}

extension FunctionResult.Part {
    /// What a further function makes of it, for the same sinks where that names none.
    func becoming(_ result: FunctionResult) -> [FunctionResult.Part] {
        result.parts.map { FunctionResult.Part($0.record, for: $0.sinks ?? sinks) }
    }
}

extension [FunctionResult.Part] {
    /// Refuses records for sinks that are not there.
    func check(for sinks: [String]) throws(ConnectorError) {
        for name in lazy.compactMap(\.sinks).joined() where !sinks.contains(name) {
            throw ConnectorError(
                .invalidConfiguration,
                "a function routes to the sink \"\(name)\", but the pipeline has only \(sinks.joined(separator: ", "))"
            )
        }
    }
}
