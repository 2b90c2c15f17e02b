// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What is wrong with a member of something that an author wrote, and the path of the member.
struct MemberRefusal: Error {
    var path: String
    var reason: String
    var cause: (any Error)?

    /// The error of the configuration that says so.
    func error(in subject: String) -> ConnectorError {
        let place = path.isEmpty ? "" : "\(path): "
        return ConnectorError(.invalidConfiguration, "\(subject) is wrong: \(place)\(reason)", cause: cause)
    }

    /// The path of a member of an object, as messages write it.
    static func path(_ path: String, _ name: String) -> String {
        let isSimple =
            !name.isEmpty
            && name.utf8.allSatisfy {
                $0 | 0x20 &- UInt8(ascii: "a") < 26 || $0 &- UInt8(ascii: "0") < 10 || "_-$".utf8.contains($0)
            }
        guard isSimple else { return "\(path)[\(name.debugDescription)]" }
        return path.isEmpty ? name : "\(path).\(name)"
    }
}

extension StructuredValue {
    /// Reads JSON that an author wrote.
    init(_ json: String, in subject: String) throws(ConnectorError) {
        do {
            try self.init(json: SharedBytes(utf8: json))
        } catch {
            let message = (error as? ConnectorError)?.message ?? "\(error)"
            throw ConnectorError(.invalidConfiguration, "\(subject) is wrong: \(message)", cause: error)
        }
    }
}
