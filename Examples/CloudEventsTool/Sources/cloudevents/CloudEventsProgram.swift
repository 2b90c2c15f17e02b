// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import CloudEventsTool

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Validates, converts and inspects events, from standard input to standard output.
@main
struct CloudEventsProgram {
    static func main() {
        let result = CloudEventsCommand.run(Array(CommandLine.arguments.dropFirst())) { try standardInput() }
        let failure = result.output.withUnsafeBytes { write($0, to: STDOUT_FILENO) }
        for message in result.messages + (failure.map { ["standard output cannot be written: \($0)"] } ?? []) {
            _ = SharedBytes(utf8: "cloudevents: \(message)\n").withUnsafeBytes { write($0, to: STDERR_FILENO) }
        }
        exit(failure == nil ? result.status.rawValue : ExitStatus.failed.rawValue)
    }

    private static func standardInput() throws -> SharedBytes {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &piece, piece.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw InputFailure(reason: String(cString: strerror(errno)))
            }
            if count == 0 { return SharedBytes(bytes) }
            bytes += piece[..<count]
        }
    }

    /// Writes all bytes; what the system says where it does not take them.
    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> String? {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            #if canImport(Glibc)
            let count = Glibc.write(descriptor, base, rest.count)
            #elseif canImport(Musl)
            let count = Musl.write(descriptor, base, rest.count)
            #else
            let count = Darwin.write(descriptor, base, rest.count)
            #endif
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return String(cString: strerror(errno)) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return nil
    }
}

/// Standard input cannot be read.
private struct InputFailure: Error, CustomStringConvertible {
    let reason: String

    var description: String { "standard input cannot be read: \(reason)" }
}
