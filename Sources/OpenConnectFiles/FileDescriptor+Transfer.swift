// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension FileDescriptor {
    /// Reads what is there, at most as much as the buffer holds, from the current place.
    ///
    /// - Returns: how many bytes were read; 0 at the end of the file.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return 0 }
        while true {
            let count = systemRead(number, base, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw .last("read", path) }
        }
    }

    /// Reads from a place in the file until the buffer is full or the file ends; the current place stays.
    ///
    /// - Returns: how many bytes were read; fewer than the buffer holds only at the end of the file.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FileError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(number, base + done, buffer.count - done, off_t(offset + Int64(done)))
            if count == 0 { break }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw .last("read", path, transferred: done)
            }
        }
        return done
    }

    /// Writes all bytes at the current place, or at the end of a file that was opened for appending.
    ///
    /// - Throws: ``FileError`` whose `transferred` says how many bytes were written nevertheless.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        guard let base = bytes.baseAddress else { return }
        try transfer(bytes.count) { done in systemWrite(number, base + done, bytes.count - done) }
    }

    /// Writes all bytes at a place in the file; the current place stays.
    ///
    /// - Throws: ``FileError`` whose `transferred` says how many bytes were written nevertheless.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FileError) {
        guard let base = bytes.baseAddress else { return }
        try transfer(bytes.count) { done in
            pwrite(number, base + done, bytes.count - done, off_t(offset + Int64(done)))
        }
    }

    /// Writes all bytes of two pieces of memory at a place in the file, in one call of the system where it takes them all;
    /// the current place stays.
    ///
    /// - Throws: ``FileError`` whose `transferred` says how many bytes were written nevertheless.
    package func write(
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer,
        at offset: Int64
    ) throws(FileError) {
        let total = first.count + second.count
        try transfer(total) { done in
            var pieces = (vector(first.dropFirst(done)), vector(second.dropFirst(max(0, done - first.count))))
            return withUnsafeBytes(of: &pieces) {
                pwritev(number, $0.assumingMemoryBound(to: iovec.self).baseAddress, 2, off_t(offset + Int64(done)))
            }
        }
    }

    private func vector(_ bytes: Slice<UnsafeRawBufferPointer>) -> iovec {
        let piece = UnsafeRawBufferPointer(rebasing: bytes)
        return iovec(iov_base: UnsafeMutableRawPointer(mutating: piece.baseAddress), iov_len: piece.count)
    }

    /// Writes all bytes at the current place.
    package func write(_ bytes: [UInt8]) throws(FileError) {
        try pass(bytes[...]) { buffer throws(FileError) in try write(buffer) }
    }

    /// Writes all bytes at a place in the file; the current place stays.
    package func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(FileError) {
        try pass(bytes) { buffer throws(FileError) in try write(buffer, at: offset) }
    }

    // `withUnsafeBytes` of arrays does not keep the type of the error.
    private func pass(
        _ bytes: ArraySlice<UInt8>,
        to body: (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError) {
        var failure: FileError?
        bytes.withUnsafeBytes { buffer in
            do throws(FileError) { try body(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Repeats a call, which is told how many bytes are written already, until all are.
    private func transfer(_ total: Int, _ call: (_ done: Int) -> Int) throws(FileError) {
        var done = 0
        while done < total {
            let count = call(done)
            if count > 0 {
                done += count
            } else if count == 0 {
                // A device that takes nothing and reports nothing would keep this loop going for ever.
                throw FileError(code: EIO, operation: "write", path: path, transferred: done)
            } else if errno != EINTR {
                throw .last("write", path, transferred: done)
            }
        }
    }
}

// The methods above have the names of the functions.
private func systemRead(_ number: Int32, _ base: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(number, base, count)
}

private func systemWrite(_ number: Int32, _ base: UnsafeRawPointer, _ count: Int) -> Int {
    write(number, base, count)
}
