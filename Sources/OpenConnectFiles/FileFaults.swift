// SPDX-License-Identifier: Apache-2.0

/// Where a test lets a step on a file fail, tear, or be counted. In production no step does.
package struct FileFaults: Sendable {
    /// What is about to be done.
    package enum Step: Sendable, Hashable {
        case create(String)
        case write(String, count: Int)
        case synchronize(String)
        case rename(String)
        case synchronizeDirectory(String)
        case remove(String)
    }

    /// What happens instead.
    package enum Fault: Sendable, Hashable {
        /// The step has no effect and fails with an error number.
        case fails(Int32)
        /// That many bytes are written, and then it fails.
        case tears(after: Int, Int32)
    }

    private let fault: @Sendable (Step) -> Fault?

    /// Asks a closure before every step.
    package init(_ fault: @escaping @Sendable (Step) -> Fault?) { self.fault = fault }

    /// Every step is done.
    package static let none = FileFaults { _ in nil }

    /// Does a step, unless it is to fail.
    package func check(_ step: Step, _ operation: String, _ path: String) throws(FileError) {
        switch fault(step) {
        case nil: return
        case .fails(let code), .tears(_, let code): throw FileError(code: code, operation: operation, path: path)
        }
    }

    /// Writes at a place in a file, unless that is to fail or to tear.
    package func write(_ bytes: [UInt8], at offset: Int64, in file: FileDescriptor) throws(FileError) {
        var count = bytes.count
        var failure: FileError?
        switch fault(.write(file.path, count: bytes.count)) {
        case nil: break
        case .fails(let code): throw FileError(code: code, operation: "write", path: file.path)
        case .tears(let after, let code):
            count = min(after, count)
            failure = FileError(code: code, operation: "write", path: file.path, transferred: count)
        }
        try file.write(bytes[..<count], at: offset)
        if let failure { throw failure }
    }
}
