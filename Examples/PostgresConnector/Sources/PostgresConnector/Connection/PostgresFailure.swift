// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import OpenConnect

/// What the server said about something that failed (chapter "Error and Notice Message Fields" of the manual).
struct PostgresFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The five characters of the SQLSTATE; empty where the server was not reached.
    var state: String
    /// The primary message.
    var message: String
    /// The hint, where there is one.
    var hint: String?
    /// The constraint that was violated.
    var constraint: String?
    /// The column that the error is about.
    var column: String?

    init(state: String, message: String, hint: String? = nil, constraint: String? = nil, column: String? = nil) {
        self.state = state
        self.message = message
        self.hint = hint
        self.constraint = constraint
        self.column = column
    }

    /// The fields of a result. The detail is left out: it quotes rows.
    init(_ result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        state = field("C") ?? ""
        message = field("M") ?? String(cString: PQresultErrorMessage(result)).trimmed
        hint = field("H")
        constraint = field("n")
        column = field("c")
    }

    /// SQLSTATE, message, and what it is about.
    var description: String {
        var text = state.isEmpty ? message : "\(message) (SQLSTATE \(state))"
        if let constraint { text += ", constraint \(constraint)" }
        if let column { text += ", column \(column)" }
        if let hint { text += "; \(hint)" }
        return text
    }

    /// Whether the server ended the statement because it was asked to.
    var isCancelled: Bool { state == "57014" }

    /// Whether it is the data of one record that the server refuses: data exceptions (22), violated constraints (23), a
    /// check option (44), and text that has no place in the database's encoding.
    var isInvalidData: Bool {
        ["22", "23", "44"].contains(state.prefix(2)) || state == "21000" || state == "42846" || state == "54000"
    }
}

extension PostgresFailure {
    /// The class of error, by SQLSTATE (appendix "PostgreSQL Error Codes").
    var code: ConnectorError.Code {
        switch state {
        case "": return .notConnected
        // In a transaction that was left open too long the session ends: 25P03 and its like.
        case "25P03", "57P01", "57P02", "57P03", "57P04", "57P05": return .notConnected
        // The limit of the setting `timeout`, one of the server's, or somebody who cancelled the statement there.
        case "55P03", "55006", "57014": return .retryable
        case "55000": return .invalidConfiguration
        case "25006": return .notConnected
        default: break
        }
        if isInvalidData { return .invalidRecord }
        switch state.prefix(2) {
        case "08": return .notConnected
        case "40": return .retryable
        case "53": return .throttled
        case "28", "3D", "3F", "42", "0A": return .invalidConfiguration
        default: return .fatal
        }
    }

    /// What to do about it, where the server's own words do not say.
    private var advice: String {
        switch (code, state) {
        case (_, "28P01"), (_, "28000"): "; correct user and password, or the server's pg_hba.conf"
        case (_, "3D000"): "; create the database, or correct the setting 'database'"
        case (_, "42P01"): "; create the table, or correct its name"
        case (_, "42501"): "; grant the right to the user"
        case (_, "57014"): "; where it happens again, give the setting 'timeout' or the server's limits more time"
        case (_, "25006"): "; this is a standby: name the primary, or add target_session_attrs=read-write to `url`"
        default: ""
        }
    }

    /// The error that the runner acts on.
    ///
    /// - Parameter task: what was being done, such as `writing into "orders"`.
    func error(_ task: String, file: String = #fileID, line: Int = #line) -> ConnectorError {
        ConnectorError(
            code,
            "\(task) failed: \(self)\(advice)",
            cause: self,
            retryAfter: code == .throttled ? .seconds(1) : nil,
            file: file,
            line: line
        )
    }
}

extension String {
    /// Without the spaces and line ends around it.
    var trimmed: String {
        let isSpace = { (character: Character) in character.isWhitespace }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
