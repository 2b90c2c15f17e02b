// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Hands a closure the bytes of a file, which the system reads as they are looked at. Nobody may shorten it meanwhile.
func withMappedFile<Result>(
    _ path: String,
    _ body: (UnsafeRawBufferPointer) throws -> Result
) throws -> Result {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw CrashTestError(.unreadable, "cannot open '\(path)': \(lastSystemError())")
    }
    defer { _ = close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    if size == 0 { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    guard size > 0, let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
        throw CrashTestError(.unreadable, "cannot read '\(path)': \(lastSystemError())")
    }
    defer { _ = munmap(start, size) }
    return try body(UnsafeRawBufferPointer(start: start, count: size))
}

/// Hands a closure the bytes of several files.
func withMappedFiles<Result>(
    _ paths: ArraySlice<String>,
    _ mapped: [UnsafeRawBufferPointer] = [],
    _ body: ([UnsafeRawBufferPointer]) throws -> Result
) throws -> Result {
    guard let path = paths.first else { return try body(mapped) }
    return try withMappedFile(path) { try withMappedFiles(paths.dropFirst(), mapped + [$0], body) }
}
