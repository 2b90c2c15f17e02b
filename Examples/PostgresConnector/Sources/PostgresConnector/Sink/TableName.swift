// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The name of a table as a configuration has it.
struct TableName: Sendable, Hashable, CustomStringConvertible {
    /// The schema, where one is named.
    let schema: String?
    let name: String

    /// - Throws: `invalidConfiguration` where it is no name.
    init(_ text: String) throws(ConnectorError) {
        guard let parts = SQL.parts(of: text), let last = parts.last else {
            throw ConnectorError(
                .invalidConfiguration,
                "'\(text)' is no name of a table; write table, schema.table, or put odd names in double quotes"
            )
        }
        schema = parts.count == 2 ? parts[0] : nil
        name = last
    }

    /// The name in quotes, for statements.
    var sql: String { (schema.map { SQL.identifier($0) + "." } ?? "") + SQL.identifier(name) }

    var description: String { (schema.map { $0 + "." } ?? "") + name }
}
