// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import OpenConnectFiles

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension SettingReferences {
    /// The environment of the process, and the files that it can read. A file has at most 1 MiB and holds UTF-8.
    public static let system = SettingReferences(
        variable: { name in getenv(name).map { String(cString: $0) } },
        file: { try String(textOfFile: $0, atMost: 1 << 20) }
    )
}

extension String {
    /// The whole text of a file.
    package init(textOfFile path: String, atMost limit: Int) throws {
        let bytes = try FileSystem.contents(of: path, limit: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConnectorError(.invalidConfiguration, "'\(path)' is no UTF-8")
        }
        self = text
    }
}
