// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// Finding, checking and opening the file that a ``FileSink`` writes, with a message for each thing that can be wrong.
enum OutputFile {
    /// The one spelling of an output's path. Descriptors under other names are refused.
    static func locate(_ path: String) throws -> FileLocation {
        let location = try FileLocation(path, purpose: "output")
        let streams = ["/dev/stdin", "/dev/stdout", "/dev/stderr"]
        guard !streams.contains(location.path), !location.path.hasPrefix("/proc/") else {
            throw refusal(location, "is a stream")
        }
        return location
    }

    /// Checks the output if it exists.
    static func check(_ location: FileLocation) throws {
        do {
            guard let status = try FileSystem.statusIfPresent(of: location.path) else { return }
            try check(status.kind, location)
            _ = try FileDescriptor(location.path, [.writing, .withoutWaiting])
        } catch let error as FileError {
            throw error.connectorError("output:")
        }
    }

    private static func check(_ kind: FileStatus.Kind, _ location: FileLocation) throws {
        switch kind {
        case .file: return
        case .directory:
            throw ConnectorError(
                .invalidConfiguration,
                "the output '\(location.path)' is a directory; give the path of a file in it"
            )
        case .pipe: throw refusal(location, "is a pipe")
        case .other: throw refusal(location, "is not a regular file")
        }
    }

    private static func refusal(_ location: FileLocation, _ what: String) -> ConnectorError {
        ConnectorError(
            .invalidConfiguration,
            "the output '\(location.path)' \(what), which cannot be cut back after a crash; give the path of a file"
        )
    }

    /// Opens the output, and makes it if it does not exist.
    static func open(_ location: FileLocation) throws -> FileDescriptor {
        if let file = try openIfPresent(location) { return file }
        do {
            let access: FileAccess = [.readingAndWriting, .creating, .withoutWaiting]
            let file = try FileDescriptor(location.path, access)
            try FileSystem.synchronizeDirectory(location.directory)
            return try locked(file, location)
        } catch let error as FileError {
            throw error.connectorError("output:")
        }
    }

    /// Opens the output if it exists, for this process alone.
    static func openIfPresent(_ location: FileLocation) throws -> FileDescriptor? {
        do {
            guard let status = try FileSystem.statusIfPresent(of: location.path) else { return nil }
            try check(status.kind, location)
            return try locked(try FileDescriptor(location.path, [.readingAndWriting, .withoutWaiting]), location)
        } catch let error as FileError {
            throw error.connectorError("output:")
        }
    }

    private static func locked(_ file: FileDescriptor, _ location: FileLocation) throws -> FileDescriptor {
        guard try file.lockExclusively() else {
            throw ConnectorError(
                .invalidConfiguration,
                "the output '\(location.path)' is being written by another pipeline; stop that one or choose another path"
            )
        }
        return file
    }

    static func length(of file: FileDescriptor) throws -> Int64 {
        do throws(FileError) { return try file.status().size } catch { throw error.connectorError("output:") }
    }

    static func endsWithNewline(_ file: FileDescriptor, _ length: Int64) throws -> Bool {
        do throws(FileError) {
            let last = try [UInt8](capacity: 1) { (buffer) throws(FileError) in
                try file.read(into: buffer, at: length - 1)
            }
            return last == [UInt8(ascii: "\n")]
        } catch {
            throw error.connectorError("output:")
        }
    }

    /// Checks that a checkpoint speaks of an output.
    static func check(_ checkpoint: OutputCheckpoint, _ location: FileLocation, _ format: FileSink.Format) throws {
        guard checkpoint.path == location.path else {
            throw ConnectorError(
                .invalidConfiguration,
                "the state belongs to the output '\(checkpoint.path)', not to '\(location.path)'; give that path, or use "
                    + "another state directory for the new output"
            )
        }
        guard checkpoint.format == format.code else {
            let name = FileSink.Format.all.first { $0.code == checkpoint.format }?.description ?? "\(checkpoint.format)"
            throw ConnectorError(
                .invalidConfiguration,
                "the state of the output '\(location.path)' was made with the format '\(name)', not '\(format)'; use "
                    + "`--format \(name)`, or another output and another state directory"
            )
        }
    }

    static func hasContent(_ location: FileLocation) -> ConnectorError {
        ConnectorError(
            .invalidConfiguration,
            "the output '\(location.path)' has content, but there is no state that belongs to it; append to it (`--append`, or "
                + "`append` in a configuration), remove it, or use the state directory it was written with"
        )
    }

    static func lost(_ location: FileLocation, _ length: Int64) -> ConnectorError {
        ConnectorError(
            .invalidConfiguration,
            "the output '\(location.path)' does not exist, but \(length) bytes of it were committed; put it back, or use "
                + "another state directory to begin anew"
        )
    }

    static func tooShort(_ location: FileLocation, _ length: Int64, _ committed: Int64) -> ConnectorError {
        ConnectorError(
            .corruptOffsets,
            "the output '\(location.path)' has \(length) bytes, which is shorter than the \(committed) that were committed: "
                + "lines are missing; put the whole file back, or use another state directory to begin anew"
        )
    }
}
