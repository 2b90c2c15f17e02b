// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where an output of a child process goes: a named file, or one without a name, which never makes the child wait.
final class KeptOutput: Sendable {
    let descriptor: Int32
    private let isKept: Bool

    init(_ path: String?) throws(CrashTestError) {
        isKept = path == nil
        descriptor = if let path { try Self.append(path) } else { try Self.unnamed() }
    }

    deinit { _ = close(descriptor) }

    private static func append(_ path: String) throws(CrashTestError) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw CrashTestError(.cannotStart, "cannot write '\(path)': \(lastSystemError())")
        }
        return descriptor
    }

    private static func unnamed() throws(CrashTestError) -> Int32 {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let path = "\(directory)/child-output-\(UInt64.random(in: .min ... .max))"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CrashTestError(.cannotStart, "cannot make a file in '\(directory)': \(lastSystemError())")
        }
        _ = unlink(path)
        return descriptor
    }

    /// What is in it so far.
    var text: String {
        guard isKept, case let size = lseek(descriptor, 0, SEEK_END), size > 0 else { return "" }
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, buffer.count, 0))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The system's words for the last failed call.
func lastSystemError() -> String { String(cString: strerror(errno)) }
