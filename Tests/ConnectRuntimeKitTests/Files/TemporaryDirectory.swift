// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Runs a test with a directory of its own, and removes it with everything in it afterwards.
func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array(FileSystem.join(base, "openconnect-test-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
        throw FileError(code: errno, operation: "make a directory in", path: base)
    }
    let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    defer { removeTree(path) }
    return try await body(path)
}

private func removeTree(_ path: String) {
    _ = chmod(path, 0o755)
    for name in (try? FileSystem.list(path)) ?? [] { removeTree(FileSystem.join(path, name)) }
    if rmdir(path) != 0 { _ = unlink(path) }
}
