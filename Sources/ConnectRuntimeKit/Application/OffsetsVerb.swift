// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// `offsets`: prints or changes how far a pipeline has come.
struct OffsetsVerb {
    let application: ConnectorApplication
    let options: CommandLineOptions

    func execute() async throws -> ApplicationStatus {
        let operands = options.operands.dropFirst()
        switch options.operands.first {
        case "list"?:
            guard operands.isEmpty else { throw Self.misuse("'offsets list' takes nothing but options") }
            try await list()
        case "set"?:
            guard !operands.isEmpty else { throw Self.misuse("'offsets set' needs what to store: OFFSET@PARTITION") }
            try await edit(operands.map(Self.position))
        case "reset"?:
            let partitions = try operands.map(Self.partition)
            let pipeline = try pipeline()
            try tell(await pipeline.resetOffsets(partitions.isEmpty ? nil : partitions))
        default:
            throw Self.misuse("say what to do with the offsets: list, set or reset")
        }
        return .done
    }

    private func list() async throws {
        let configuration = try application.configuration(options)
        let pipelines = configuration.makePipelines()
        let wanted = options["--pipeline"]
        if let wanted { _ = try pipelines.named(wanted) }
        for pipeline in pipelines where wanted == nil || pipeline.name == wanted {
            do {
                try list(await pipeline.offsets(), of: pipeline.name)
            } catch let error as ConnectorError where wanted == nil && !pipeline.storesOffsets {
                // One that keeps them elsewhere says nothing of the others.
                application.console.diagnostics("\(pipeline.name): \(error.report)\n")
            }
        }
    }

    private func list(_ offsets: StoredOffsets, of pipeline: String) throws {
        if offsets.isCopy {
            application.console.diagnostics(
                "\(pipeline): a sink keeps the positions with its data; these are copies, which may be behind\n"
            )
        }
        for stored in offsets.positions {
            try application.console.output("\(pipeline)\t\(PositionText(stored.position).text)\n")
        }
    }

    private func edit(_ positions: [RecordPosition]) async throws {
        var changes: [RecordPartition: RecordOffset?] = [:]
        for position in positions {
            guard changes.updateValue(position.offset, forKey: position.partition) == nil else {
                throw Self.misuse("\(position.partition) is given twice")
            }
        }
        try tell(await pipeline().editOffsets(changes))
    }

    private func tell(_ edits: [OffsetEdit]) throws {
        for edit in edits { try application.console.output("\(edit)\n") }
        if edits.isEmpty { try application.console.output("nothing was stored\n") }
    }

    private func pipeline() throws -> Pipeline {
        try application.configuration(options).makePipelines().named(options["--pipeline"])
    }

    // MARK: Operands

    private static func position(_ text: String) throws -> RecordPosition {
        guard let position = PositionText(text), let offset = position.offset else {
            throw misuse(
                "'\(text)' is no position; write it as 'offsets list' prints it, such as sequence:42@access.log"
            )
        }
        return RecordPosition(partition: position.partition, offset: offset)
    }

    private static func partition(_ text: String) throws -> RecordPartition {
        if text == "@" { return .single }
        guard let position = PositionText(text) else {
            throw misuse("'\(text)' is no partition; write it as 'offsets list' prints it, such as @access.log")
        }
        return position.partition
    }

    private static func misuse(_ message: String) -> CommandLineOptions.UsageError {
        CommandLineOptions.UsageError(message: message)
    }
}

extension [Pipeline] {
    /// The pipeline with a name, or the only one.
    ///
    /// - Throws: `CommandLineOptions.UsageError` that lists the names.
    func named(_ name: String?) throws -> Pipeline {
        if let found = name == nil && count == 1 ? first : first(where: { $0.name == name }) { return found }
        let list = map(\.name).joined(separator: ", ")
        guard let name else {
            throw CommandLineOptions.UsageError(
                message: "there are several pipelines; choose one by --pipeline: \(list)"
            )
        }
        throw CommandLineOptions.UsageError(message: "there is no pipeline '\(name)'; there are \(list)")
    }
}
