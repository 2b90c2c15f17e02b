// SPDX-License-Identifier: Apache-2.0

import OpenConnect

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The content of a file of text.
enum TextFile {
    /// - Throws: ``/OpenConnect/ConnectorError`` where the file cannot be read, is larger, or is no UTF-8.
    static func content(of path: String, atMost limit: Int) throws -> String {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ConnectorError(.invalidConfiguration, "'\(path)' cannot be read; does it exist?", cause: error)
        }
        guard bytes.count <= limit else {
            throw ConnectorError(.invalidConfiguration, "'\(path)' is larger than \(limit) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConnectorError(.invalidConfiguration, "'\(path)' is no UTF-8")
        }
        return text
    }
}
