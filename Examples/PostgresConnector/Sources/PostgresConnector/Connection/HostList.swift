// SPDX-License-Identifier: Apache-2.0

import CLibPQ

/// The hosts that a connection is tried with, as libpq knows them from all that it was given: its own list goes on to the
/// next one where a host refuses, and not where it is silent.
struct HostList {
    /// A host with its port.
    struct Host: Hashable, CustomStringConvertible {
        let name: String
        let port: String

        var description: String { "\(name):\(port)" }
    }

    private static let lists = ["host", "hostaddr", "port"]
    /// The values of those keywords that are given.
    private var values: [String: [String]] = [:]

    /// The hosts of a connection that was begun.
    init(_ connection: OpaquePointer) {
        guard let options = PQconninfo(connection) else { return }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword.map({ String(cString: $0) }) {
            let value = option.pointee.val.map { String(cString: $0) } ?? ""
            if Self.lists.contains(keyword), !value.isEmpty { values[keyword] = value.parts(between: ",") }
            option += 1
        }
    }

    /// The host that a connection is being tried with.
    static func current(_ connection: OpaquePointer) -> Host {
        Host(
            name: PQhost(connection).map { String(cString: $0) } ?? "",
            port: PQport(connection).map { String(cString: $0) } ?? ""
        )
    }

    var count: Int { max(values["host"]?.count ?? 0, values["hostaddr"]?.count ?? 0, 1) }

    private func host(_ index: Int) -> Host {
        func value(_ keyword: String) -> String? {
            guard let list = values[keyword], let value = list.count == count ? list[index] : list.first else {
                return nil
            }
            return value.isEmpty ? nil : value
        }
        return Host(name: value("host") ?? value("hostaddr") ?? "", port: value("port") ?? "5432")
    }

    /// The keywords of the hosts but one; `nil` where there is no other.
    func keywords(without silent: Host) -> [String: String]? {
        let others = (0..<count).filter { host($0) != silent }
        guard !others.isEmpty, others.count < count else { return nil }
        return values.mapValues { list in
            (list.count == count ? others.map { list[$0] } : list).joined(separator: ",")
        }
    }
}
