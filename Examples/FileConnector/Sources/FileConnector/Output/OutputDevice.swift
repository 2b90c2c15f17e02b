// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles

/// What an output is made of: a file, or in tests something that fails on demand.
protocol OutputDevice: Sendable {
    /// Whether long writes are worth that what is put waits for the flush.
    var wantsLongWrites: Bool { get }
    /// Writes bytes, and directly behind them others, which may be none.
    func write(_ bytes: UnsafeRawBufferPointer, _ more: UnsafeRawBufferPointer, at offset: Int64) throws(FileError)
    func truncate(to size: Int64) throws(FileError)
    func synchronize() async throws(FileError)
    /// Lets another pipeline write at once.
    func unlock()
}

extension OutputDevice {
    var wantsLongWrites: Bool { false }
}

extension FileDescriptor: OutputDevice {}
