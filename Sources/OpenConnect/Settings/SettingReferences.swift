// SPDX-License-Identifier: Apache-2.0

/// What the references in a configuration stand for: `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}`.
///
/// A reference may stand anywhere in a text, and a text may hold several. The default counts where the variable is not
/// set or empty. The content of a file counts without the line break at its end. `$${env:NAME}` is no reference: the
/// first `$` is left out. Other texts in braces, such as the `${data.id}` of a template, are left as they are.
public struct SettingReferences: Sendable {
    /// The value of a variable, or `nil` where it is not set.
    let variable: @Sendable (String) -> String?
    /// The content of a file.
    let file: @Sendable (String) throws -> String

    /// References to an environment and to files.
    ///
    /// - Parameters:
    ///   - variable: the value of an environment variable, `nil` where it is not set.
    ///   - file: the content of a file; what it throws is part of the message.
    public init(
        variable: @escaping @Sendable (String) -> String?,
        file: @escaping @Sendable (String) throws -> String
    ) {
        self.variable = variable
        self.file = file
    }

    /// No variable is set, and no file may be read.
    public static let none = SettingReferences(variable: { _ in nil }) { _ in throw Unavailable() }

    private struct Unavailable: Error, CustomStringConvertible {
        let description = "files cannot be read here"
    }

    struct Failure: Error {
        let message: String
    }

    private enum Piece {
        case literal(Substring)
        case reference(Substring, kind: Substring, argument: Substring)
    }

    /// The first reference of a text, as it is written.
    static func first(in text: String) -> String? {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return nil }
        for case .reference(let reference, _, _) in pieces(of: text) {
            guard let colon = reference.firstRange(of: ":-") else { return String(reference) }
            return reference[..<colon.lowerBound] + "}"
        }
        return nil
    }

    func resolve(_ text: String) throws(Failure) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var result = ""
        for piece in Self.pieces(of: text) {
            switch piece {
            case .literal(let literal): result += literal
            case .reference(_, let kind, let argument): result += try value(kind, argument)
            }
        }
        return result
    }

    private func value(_ kind: Substring, _ argument: Substring) throws(Failure) -> String {
        switch kind {
        case "env": return try variable(argument)
        case "file": return try content(String(argument))
        default:
            throw Failure(
                message: "${\(kind):…} is no reference; there are ${env:NAME}, ${env:NAME:-default} and ${file:PATH}"
                    + NearestName.advice(for: String(kind), among: ["env", "file"])
            )
        }
    }

    private func variable(_ argument: Substring) throws(Failure) -> String {
        let split = argument.firstRange(of: ":-")
        let name = String(split.map { argument[..<$0.lowerBound] } ?? argument)
        guard !name.isEmpty else { throw Failure(message: "${env:} needs the name of an environment variable") }
        let value = variable(name)
        if let split, value?.isEmpty ?? true { return String(argument[split.upperBound...]) }
        guard let value else {
            throw Failure(
                message: "${env:\(name)}: the environment variable \(name) is not set; "
                    + "set it, or give a default: ${env:\(name):-default}"
            )
        }
        return value
    }

    private func content(_ path: String) throws(Failure) -> String {
        guard !path.isEmpty else { throw Failure(message: "${file:} needs the path of a file") }
        do {
            var content = try file(path)
            if content.last?.isNewline == true { content.removeLast() }
            return content
        } catch {
            throw Failure(message: "${file:\(path)} cannot be read: \(error)")
        }
    }

    // MARK: Cutting

    /// A text cut into references and what stands between them.
    private static func pieces(of text: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            let isEscaped = rest[..<start.lowerBound].last == "$"
            guard let reference = reference(in: rest[start.lowerBound...]) else {
                pieces.append(.literal(rest[..<start.upperBound]))
                rest = rest[start.upperBound...]
                continue
            }
            let (whole, kind, argument) = reference
            pieces.append(.literal(isEscaped ? rest[..<start.lowerBound].dropLast() : rest[..<start.lowerBound]))
            pieces.append(isEscaped ? .literal(whole) : .reference(whole, kind: kind, argument: argument))
            rest = rest[whole.endIndex...]
        }
        pieces.append(.literal(rest))
        return pieces
    }

    /// The reference with which a text begins: `${word:…}`, where the word is one of letters and no `-` follows.
    private static func reference(in text: Substring) -> (whole: Substring, kind: Substring, argument: Substring)? {
        let inner = text.dropFirst(2)
        let kind = inner.prefix { $0.isASCII && $0.isLetter }
        guard !kind.isEmpty, inner[kind.endIndex...].hasPrefix(":"), !inner[kind.endIndex...].hasPrefix(":-"),
            let end = inner.firstIndex(of: "}")
        else { return nil }
        return (text[..<text.index(after: end)], kind, inner[inner.index(after: kind.endIndex)..<end])
    }
}
