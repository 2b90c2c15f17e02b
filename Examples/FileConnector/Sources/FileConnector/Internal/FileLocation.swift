// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles

/// Where a file is, in one spelling: the directory without symbolic links, and the name in it.
///
/// The name itself may be a symbolic link, which may lead elsewhere at any time: see ``target()``.
struct FileLocation: Sendable, Hashable {
    let directory: String
    let name: String

    var path: String { FileSystem.join(directory, name) }

    /// The spelling of a path whose directory exists.
    init(_ path: String, purpose: String) throws {
        guard let name = path.split(separator: "/").last, !path.hasSuffix("/"), name != ".", name != ".." else {
            throw ConnectorError(
                .invalidConfiguration,
                path.isEmpty
                    ? "the \(purpose) has an empty path; give the path of a file"
                    : "the \(purpose) '\(path)' is a directory; give the path of a file in it"
            )
        }
        let parent = FileSystem.parent(of: path)
        do {
            directory = try FileSystem.resolved(parent)
        } catch {
            guard error.isMissing else { throw error.connectorError("\(purpose) '\(path)':") }
            throw ConnectorError(
                .invalidConfiguration,
                "the directory '\(parent)' of the \(purpose) '\(path)' does not exist; correct the path or make it",
                cause: error
            )
        }
        self.name = String(name)
    }

    init(directory: String, name: String) {
        self.directory = directory
        self.name = name
    }

    /// The location as a `file` URI (RFC 8089) with everything percent-encoded that a path of RFC 3986 does not allow.
    var uri: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes = Array("file://".utf8)
        for byte in path.utf8 {
            if Self.isAllowedInPath(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isAllowedInPath(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/-._~!$&'()*+,;=:@".utf8.contains(byte)
        }
    }
}
