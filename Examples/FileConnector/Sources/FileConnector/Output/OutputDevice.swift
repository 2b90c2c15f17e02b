// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles

/// What an output is made of: a file, or in tests something that fails on demand.
protocol OutputDevice: Sendable {
    /// Whether it puts writes together itself, until they are long or it is told to hand them on.
    var gathers: Bool { get }
    /// Writes bytes, and directly behind them others, which may be none.
    func write(_ bytes: UnsafeRawBufferPointer, _ more: UnsafeRawBufferPointer, at offset: Int64) throws(FileError)
    /// Hands on to the system what was gathered. What could not be handed on remains, for the next time.
    func handOn() throws(FileError)
    func truncate(to size: Int64) throws(FileError)
    /// Makes durable what was handed on.
    func synchronize() async throws(FileError)
    /// Lets another pipeline write at once.
    func unlock()
}

extension OutputDevice {
    var gathers: Bool { false }
    func handOn() {}
}

extension FileDescriptor: OutputDevice {}
