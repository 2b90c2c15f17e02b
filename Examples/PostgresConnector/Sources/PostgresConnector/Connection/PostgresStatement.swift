// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import CloudEventsCodec

/// A statement with its parameters, which never become part of its text.
struct PostgresStatement: Sendable {
    var text: String
    var parameters: [PostgresParameter]

    init(_ text: String, _ parameters: [PostgresParameter] = []) {
        self.text = text
        self.parameters = parameters
    }
}

/// The value of a parameter, in the form in which it travels.
struct PostgresParameter: Sendable, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    /// The bytes with a zero behind them, which text needs; `nil` for NULL.
    let bytes: [UInt8]?
    let isBinary: Bool

    /// A text, in the form in which the type of the parameter is read.
    init(_ text: String) {
        bytes = Array(text.utf8) + [0]
        isBinary = false
    }

    /// A text, or NULL.
    init(_ text: String?) {
        bytes = text.map { Array($0.utf8) + [0] }
        isBinary = false
    }

    /// Bytes, for a parameter of the type bytea.
    init(bytes: SharedBytes) {
        self.bytes = Array(bytes) + [0]
        isBinary = true
    }

    init(_ number: some BinaryInteger) { self.init(String(number)) }
    init(stringLiteral text: String) { self.init(text) }
    init(nilLiteral: ()) { self.init(nil as String?) }

    var count: Int { bytes.map { $0.count - 1 } ?? 0 }
}

extension PostgresStatement {
    /// Hands the statement to libpq, which copies it.
    func send(on connection: OpaquePointer) -> Bool {
        var storage: [UInt8] = []
        storage.reserveCapacity(parameters.reduce(0) { $0 + $1.count + 1 })
        var starts: [Int?] = []
        for parameter in parameters {
            starts.append(parameter.bytes == nil ? nil : storage.count)
            storage += parameter.bytes ?? []
        }
        let lengths = parameters.map { Int32($0.count) }
        let formats = parameters.map { Int32($0.isBinary ? 1 : 0) }
        return storage.withUnsafeBufferPointer { buffer in
            let values: [UnsafePointer<CChar>?] = starts.map { start in
                start.flatMap {
                    UnsafeRawPointer(buffer.baseAddress)?.advanced(by: $0).assumingMemoryBound(to: CChar.self)
                }
            }
            return PQsendQueryParams(connection, text, Int32(values.count), nil, values, lengths, formats, 0) == 1
        }
    }
}

/// What a statement gave: rows in text form, as the server writes them.
struct PostgresResult: Sendable {
    /// The names of the columns.
    var columns: [String] = []
    /// The types of the columns, as object identifiers.
    var types: [UInt32] = []
    /// The rows; `nil` is NULL.
    var rows: [[String?]] = []
    /// How many rows a command has changed.
    var changed = 0

    init() {}

    init(_ result: OpaquePointer) {
        let width = PQnfields(result)
        columns = (0..<width).map { String(cString: PQfname(result, $0)) }
        types = (0..<width).map { PQftype(result, $0) }
        rows = (0..<PQntuples(result)).map { row in
            (0..<width).map { column in
                if PQgetisnull(result, row, column) == 1 { return nil }
                return String(cString: PQgetvalue(result, row, column))
            }
        }
        changed = Int(String(cString: PQcmdTuples(result))) ?? 0
    }
}
