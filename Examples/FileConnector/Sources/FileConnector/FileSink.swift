// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect
import OpenConnectFiles

/// Appends records to a file, one in a line, exactly once.
///
/// The sink owns its output: it holds a lock on it, keeps account of its length, and describes that length in each
/// checkpoint. After a crash, and after a put that failed, the output is cut back to the checkpoint, so that no line is
/// repeated, lost or half-written.
///
/// An output that exists and has content is only accepted with a checkpoint that belongs to it, or when it is to be
/// appended to. Where nobody restores the sink before the first put (a runner that delivers at least once), it appends.
public actor FileSink: CheckpointingSink {
    /// One put at a time, in order.
    public nonisolated let traits = SinkTraits()
    private let path: String
    private let format: Format
    private let appends: Bool
    private let openDevice: @Sendable (FileDescriptor) throws -> any OutputDevice
    private var context: ConnectorContext?
    private var location: FileLocation?
    private var writer: OutputWriter?
    private var openOutput: OpenOutput?
    private var encoder: CloudEventLineEncoder?
    private var constantCheckpoint: [UInt8] = []
    /// Where the sink began when it was first restored without a checkpoint.
    private var origin: Int64?

    /// A sink that writes one file.
    ///
    /// - Parameters:
    ///   - path: the output; its directory has to exist. Pipes and devices cannot be cut back and are refused.
    ///   - format: how a record is written.
    ///   - append: whether to accept an output that has content although there is no checkpoint, and to write behind
    ///     it. Where its last line has no newline, one is added first, so that no line grows.
    ///   - bypassCache: whether long writes go past the system's cache of files, straight to the device: that leaves the
    ///     cache to others. Lines then appear in the output when they are flushed. For outputs that nobody reads soon; on
    ///     Linux, where the file system can do it, and otherwise without effect.
    public init(path: String, format: Format = .lines, append: Bool = false, bypassCache: Bool = false) {
        self.init(path: path, format: format, append: append) { file in
            if bypassCache, let uncached = try UncachedOutput(file) { return uncached }
            return file
        }
    }

    /// A sink on a device of a test's making.
    init(
        path: String,
        format: Format,
        append: Bool,
        device: @escaping @Sendable (FileDescriptor) throws -> any OutputDevice
    ) {
        self.path = path
        self.format = format
        appends = append
        openDevice = device
    }

    /// Checks the output as far as it can be checked without making it.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` for a directory, a pipe, a
    ///   device, a file that cannot be written, and a directory that does not exist.
    public func start(_ context: ConnectorContext) async throws {
        self.context = context
        let location = try OutputFile.locate(path)
        self.location = location
        encoder = CloudEventLineEncoder(defaults: context.eventDefaults)
        constantCheckpoint = OutputCheckpoint.constant(format: format.code, path: location.path)
        try OutputFile.check(location)
    }

    /// Closes the output.
    public func stop() async {
        writer?.close()
        writer = nil
        openOutput = nil
    }

    /// Appends the records.
    ///
    /// - Returns: a rejection for a record that is no line, and for one that cannot become an event; the records before
    ///   it are written.
    /// - Throws: ``/OpenConnect/ConnectorError`` when the output cannot be written; the output is then as long as
    ///   before.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        if writer == nil { try await open(orLeave: false) }
        return try write(batch)
    }

    /// Makes what was put durable, on a thread of its own.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `fatal` when the system could not do it, and then from
    ///   every later call.
    public func flush() async throws {
        guard let device = try writer?.beginFlush() else { return }
        var failure: FileError?
        do throws(FileError) { try await device.synchronize() } catch { failure = error }
        try writer?.endFlush(failure)
    }

    /// Describes the present end of the output: its length, its format and its path.
    public func checkpoint() async throws -> SinkCheckpoint {
        OutputCheckpoint.encode(length: writer?.length ?? 0, constant: constantCheckpoint)
    }

    /// Cuts the output back to a checkpoint, or begins a new output.
    ///
    /// The file may have been copied or moved since: what counts is its path and that it is long enough.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `invalidConfiguration` for the checkpoint of another path or another
    ///   format, for a missing output, and for one with content without a checkpoint unless it is appended to;
    ///   `corruptOffsets` for an output that is shorter than its checkpoint.
    public func restore(_ checkpoint: SinkCheckpoint?) async throws {
        if let checkpoint {
            try await cutBack(to: checkpoint)
        } else if let origin {
            try await cut(to: origin)
        } else {
            try await open(orLeave: !appends)
        }
    }
}

extension FileSink {
    private func write(_ batch: RecordBatch) throws -> PutResult {
        guard writer != nil else { throw Self.notStarted }
        try writer?.begin()
        let stop = try format == .lines ? writeLines(batch) : writeEvents(batch)
        try writer?.end()
        guard let (index, error) = stop else { return .delivered }
        return .stopped(at: index, of: batch.count, .reject(error))
    }

    private func writeLines(_ batch: RecordBatch) throws -> (Int, ConnectorError)? {
        try batch.records.withUnsafeBufferPointer { records in
            var index = 0
            while index < records.count {
                guard let run = LineGather.run(in: records, from: index) else {
                    return (index, Self.notOneLine(records[index]))
                }
                try writer?.appendLine(run.bytes)
                index = run.end
            }
            return nil
        }
    }

    private func writeEvents(_ batch: RecordBatch) throws -> (Int, ConnectorError)? {
        // Taken out for the while: each access to a property of an actor is checked.
        guard var encoder = encoder.take() else { throw Self.notStarted }
        defer { self.encoder = encoder }
        var next = 0
        do {
            try batch.records.withUnsafeBufferPointer { records in
                try writer?.appendLines { line in
                    guard next < records.count, let base = records.baseAddress else { return false }
                    try encoder.encode(at: base + next, into: &line)
                    next += 1
                    return true
                }
            }
        } catch let error as ConnectorError where error.code == .invalidRecord {
            return (next, error)
        }
        return nil
    }

    /// Opens the output without a checkpoint.
    ///
    /// - Parameter orLeave: whether content is an error, instead of being appended to.
    private func open(orLeave: Bool) async throws {
        guard let location else { throw Self.notStarted }
        let file = try OutputFile.open(location)
        let length = try OutputFile.length(of: file)
        guard length == 0 || !orLeave else { throw OutputFile.hasContent(location) }
        writer = try makeWriter(file, location, length)
        if length > 0, try !OutputFile.endsWithNewline(file, length) {
            try writer?.begin()
            try writer?.appendLine(SharedBytes())
            try writer?.end()
            // A checkpoint may be stored before the first flush.
            try await flush()
            context?.emit(ConnectorEvent(.info, "'\(location.path)' had no newline at its end; it was added"))
        }
        origin = writer?.length
    }

    private func makeWriter(_ file: FileDescriptor, _ location: FileLocation, _ length: Int64) throws -> OutputWriter {
        do {
            let writer = OutputWriter(try openDevice(file), path: location.path, length: length)
            openOutput = try OpenOutput(file, of: context?.pipeline ?? "")
            return writer
        } catch let error as FileError {
            throw error.connectorError("output:")
        }
    }

    private func cutBack(to stored: SinkCheckpoint) async throws {
        guard let location else { throw Self.notStarted }
        let checkpoint = try OutputCheckpoint(stored)
        try OutputFile.check(checkpoint, location, format)
        if writer == nil, checkpoint.length == 0 {
            // Nothing is missing from an output that was empty.
            try await open(orLeave: false)
        } else if writer == nil {
            guard let file = try OutputFile.openIfPresent(location) else {
                throw OutputFile.lost(location, checkpoint.length)
            }
            let length = try OutputFile.length(of: file)
            writer = try makeWriter(file, location, length)
        }
        let length = writer?.length ?? 0
        guard length >= checkpoint.length else { throw OutputFile.tooShort(location, length, checkpoint.length) }
        try await cut(to: checkpoint.length)
    }

    private func cut(to length: Int64) async throws {
        try writer?.cut(to: length)
        try await flush()
    }

    private static var notStarted: ConnectorError {
        ConnectorError(.fatal, "the file sink was used before it was started; call start first")
    }

    private static func notOneLine(_ record: ConnectorRecord) -> ConnectorError {
        ConnectorError(
            .invalidRecord,
            "the record's data holds a newline, so it cannot be written as one line; use the format 'cloudevents'",
            position: record.position
        )
    }
}
