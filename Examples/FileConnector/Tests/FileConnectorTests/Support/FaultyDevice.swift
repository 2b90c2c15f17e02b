// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles
import Synchronization

@testable import FileConnector

/// A file on a disk that fails on demand, half-written where it was being written.
final class FaultyDevice: OutputDevice {
    struct Faults: Sendable {
        /// The size that the file cannot exceed, and the error when it would.
        var limit: Int64 = .max
        var writeError: Int32 = 0
        var truncateError: Int32?
        var synchronizeError: Int32?
        var synchronizations = 0
        var writes = 0
    }

    private let file: FileDescriptor
    let faults: Mutex<Faults>

    init(_ file: FileDescriptor, _ faults: Faults = Faults()) {
        self.file = file
        self.faults = Mutex(faults)
    }

    func write(_ bytes: UnsafeRawBufferPointer, _ more: UnsafeRawBufferPointer, at offset: Int64) throws(FileError) {
        let (limit, code) = faults.withLock { faults in
            faults.writes += 1
            return (faults.limit, faults.writeError)
        }
        guard offset + Int64(bytes.count + more.count) > limit else { return try file.write(bytes, more, at: offset) }
        let part = (Array(bytes) + Array(more)).prefix(Int(max(0, limit - offset)))
        try file.write(part, at: offset)
        throw FileError(code: code, operation: "write", path: file.path, transferred: part.count)
    }

    func truncate(to size: Int64) throws(FileError) {
        if let code = faults.withLock(\.truncateError) {
            throw FileError(code: code, operation: "cut", path: file.path)
        }
        try file.truncate(to: size)
    }

    func synchronize() async throws(FileError) {
        let code = faults.withLock { faults in
            faults.synchronizations += 1
            return faults.synchronizeError
        }
        if let code { throw FileError(code: code, operation: "synchronize", path: file.path) }
    }

    func unlock() { file.unlock() }
}

/// Where a test gets hold of the device that its sink has opened.
final class DeviceRack: Sendable {
    private let devices = Mutex<[FaultyDevice]>([])

    var last: FaultyDevice? { devices.withLock(\.last) }

    func add(_ device: FaultyDevice) -> FaultyDevice {
        devices.withLock { $0.append(device) }
        return device
    }

    /// Lets go of the devices: a file is locked as long as its descriptor is open.
    func clear() { devices.withLock { $0 = [] } }

    func sink(
        _ path: String,
        format: FileSink.Format = .lines,
        append: Bool = false,
        bypassCache: Bool = false
    ) -> FileSink {
        FileSink(path: path, format: format, append: append) { file in
            let device = self.add(FaultyDevice(file))
            return bypassCache ? UncachedOutput(device, uncached: device) : device
        }
    }
}
