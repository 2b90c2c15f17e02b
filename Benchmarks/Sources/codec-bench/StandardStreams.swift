// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Files and streams of the operating system, as far as a benchmark needs them.
enum StandardStreams {
    /// Writes a line to the standard output stream.
    static func printLine(_ text: String) { put(Array("\(text)\n".utf8), into: STDOUT_FILENO) }

    /// Writes bytes to the standard output stream.
    static func printBytes(_ bytes: [UInt8]) { put(bytes, into: STDOUT_FILENO) }

    /// Writes a line to the standard error stream.
    static func printError(_ text: String) { put(Array("\(text)\n".utf8), into: STDERR_FILENO) }

    private static func put(_ bytes: [UInt8], into descriptor: Int32) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Ends the process.
    static func end(_ status: Int32) -> Never { exit(status) }

    /// The bytes of a file; `nil` where it cannot be read.
    static func contents(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            bytes.append(contentsOf: piece[..<count])
            if count < piece.count { return ferror(file) == 0 ? bytes : nil }
        }
    }
}
