// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// An error that the server replied with: a word in capitals, and a sentence.
package struct ServerError: Error, CustomStringConvertible {
    /// The word: `WRONGTYPE`, `NOPERM`, `ERR`.
    let code: String
    /// The whole of it, without the arguments of a command that it may repeat: those may be secret.
    package let description: String

    init(_ text: String) {
        let cut = text.firstRange(of: ", with args beginning with").map { text[..<$0.lowerBound] } ?? text[...]
        let line = String(cut.prefix(300).map { $0.isNewline || $0 == "\0" ? " " : $0 })
        description = line
        // Of a command within a script it does not say NOPERM.
        let isRight = line.contains("The user executing the script can't")
        code = isRight ? "NOPERM" : String(Self.reason(of: line).prefix { !$0.isWhitespace })
    }

    /// Why a transaction is refused as a whole, where it says so of its last command; else all that is said.
    private static func reason(of line: String) -> Substring {
        let beginning = "EXECABORT Transaction discarded because of: "
        return line.hasPrefix(beginning) ? line.dropFirst(beginning.count) : line[...]
    }

    /// Whether the user may not do such a thing at all, whatever the key.
    var isCommandRefused: Bool { code == "NOPERM" && description.contains("run this command") }

    /// Whether another connection, to whoever answers then, may do better.
    var isOutage: Bool { ["LOADING", "MASTERDOWN", "READONLY"].contains(code) }

    /// Whether there was no room for anything, or no disk.
    var isThrottling: Bool { ["OOM", "MISCONF"].contains(code) }

    /// What it means for the call that was to do something.
    func error(_ task: String) -> ConnectorError {
        switch code {
        case "NOAUTH", "WRONGPASS":
            .init(.invalidConfiguration, "\(task) failed: \(description); correct username and password")
        case "NOPERM":
            .init(.invalidConfiguration, "\(task) failed: \(description); give the user the right (ACL SETUSER)")
        case "LOADING", "MASTERDOWN":
            .init(.notConnected, "\(task) failed: the server is not ready: \(description)")
        case "READONLY":
            .init(.notConnected, "\(task) failed: the server has become a replica: \(description)")
        case "OOM":
            .init(
                .throttled,
                "\(task) failed: the server's memory is full; raise maxmemory, or trim the streams (maxLength)",
                retryAfter: .seconds(1)
            )
        case "MISCONF":
            .init(
                .throttled,
                "\(task) failed: the server cannot write its disk: \(description)",
                retryAfter: .seconds(1)
            )
        case "BUSY", "TRYAGAIN", "NOREPLICAS", "CLUSTERDOWN", "UNBLOCKED":
            .init(.retryable, "\(task) failed: \(description)")
        case "MOVED", "ASK", "CROSSSLOT":
            .init(.invalidConfiguration, "\(task) failed: the server is part of a cluster, which is not supported")
        case "WRONGTYPE":
            .init(
                .invalidConfiguration,
                "\(task) failed: the key holds something else; take another name, or remove it"
            )
        case "CORRUPT":
            .init(.corruptOffsets, "\(task) failed: a claim cannot be read: something else wrote it; remove that field")
        default:
            .init(.fatal, "\(task) failed: \(description)")
        }
    }
}
