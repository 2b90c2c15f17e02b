// SPDX-License-Identifier: Apache-2.0

import Dispatch

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension FileDescriptor {
    /// Returns when everything written so far, and the size of the file, will survive a loss of power.
    ///
    /// It runs on a thread of its own and suspends the caller; cancellation does not end it. After a failure the system
    /// may have dropped what was written: the call is not repeated on the same file.
    package func synchronize() async throws(FileError) {
        try await withoutBlocking { () throws(FileError) in try self.synchronizeBlocking() }
    }

    /// ``synchronize()`` on the caller's thread, for places that may block.
    package func synchronizeBlocking() throws(FileError) {
        while flushToDevice() != 0 {
            guard errno == EINTR else { throw .last("synchronize", path) }
        }
    }

    private func flushToDevice() -> Int32 {
        #if canImport(Darwin)
        // Where the file system does not know the full flush, `fsync` is the best there is.
        if fcntl(number, F_FULLFSYNC) == 0 { return 0 }
        return errno == ENOTSUP || errno == ENOTTY || errno == EINVAL ? fsync(number) : -1
        #else
        return fdatasync(number)
        #endif
    }
}

/// Runs calls that block on a thread outside of the pool that runs Swift's tasks, and suspends the caller meanwhile.
///
/// Cancellation does not interrupt it: a system call cannot be taken back.
package func withoutBlocking<Result: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Result
) async throws(Failure) -> Result {
    let result = await withCheckedContinuation { (waiting: CheckedContinuation<Swift.Result<Result, Failure>, Never>) in
        DispatchQueue.global().async {
            waiting.resume(returning: Swift.Result(catching: work))
        }
    }
    return try result.get()
}
