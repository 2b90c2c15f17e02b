// SPDX-License-Identifier: Apache-2.0

public import ConnectRuntimeKit
import OpenConnectFiles
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A disk that runs full, whose `fsync` fails or whose writes are torn, for the stores of the kit that keep files.
///
/// ```swift
/// let disk = FaultyDisk()
/// let store = disk.offsetStore(in: directory)
/// disk.begin(.isFull)
/// ```
public final class FaultyDisk: Sendable {
    /// What is wrong with a disk.
    public struct Fault: Sendable, Hashable {
        fileprivate enum Kind: Hashable { case isFull, failsToSynchronize, tears(Int) }

        fileprivate let kind: Kind

        /// Every write fails because no space is left.
        public static let isFull = Fault(kind: .isFull)
        /// Every `fsync` fails; what was written before may be on the disk or not.
        public static let failsToSynchronize = Fault(kind: .failsToSynchronize)
        /// Of every write only the first bytes get to the disk, and then it fails.
        public static func tearsWrites(after count: Int) -> Fault { Fault(kind: .tears(count)) }
    }

    private let fault = Mutex<Fault?>(nil)

    /// A disk that works.
    public init() {}

    /// From now on something is wrong.
    public func begin(_ fault: Fault) { self.fault.withLock { $0 = fault } }

    /// From now on the disk works again.
    public func recover() { fault.withLock { $0 = nil } }

    /// A store of offsets on this disk.
    public func offsetStore(in directory: String) -> FileOffsetStore {
        FileOffsetStore(directory: directory, faults: faults)
    }

    /// A store of dead letters on this disk.
    public func deadLetterStore(at path: String) -> FileDeadLetterStore {
        FileDeadLetterStore(path: path, faults: faults)
    }

    private var faults: FileFaults {
        FileFaults { step in
            switch (self.fault.withLock(\.self)?.kind, step) {
            case (.isFull, .write), (.isFull, .create): .fails(ENOSPC)
            case (.failsToSynchronize, .synchronize), (.failsToSynchronize, .synchronizeDirectory): .fails(EIO)
            case (.tears(let count), .write): .tears(after: count, EIO)
            default: nil
            }
        }
    }
}
