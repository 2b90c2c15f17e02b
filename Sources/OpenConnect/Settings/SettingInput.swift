// SPDX-License-Identifier: Apache-2.0

/// A value of a configuration as it was written: in JSON, in the environment, or in code.
///
/// ```swift
/// let source = try TickSource(settings: ["every": "5s"])
/// ```
public struct SettingInput: Sendable {
    /// The form of a value, with what is inside.
    package indirect enum Content: Sendable {
        case null
        case boolean(Bool)
        /// A number as it was written.
        case number(String)
        case text(String)
        case list([SettingInput])
        case object([Member])
    }

    /// A member of an object.
    package struct Member: Sendable {
        package let name: String
        package let place: SettingPlace?
        package var value: SettingInput

        package init(_ name: String, place: SettingPlace? = nil, _ value: SettingInput) {
            self.name = name
            self.place = place
            self.value = value
        }
    }

    package var content: Content
    /// Where it stands, if it was read from a text.
    public package(set) var place: SettingPlace?
    /// The names that lead to it, such as `sinks[0].path`.
    public package(set) var keyPath = ""
    /// Whether a number or a truth value may be given as text, because there is nothing but text where it comes from.
    var isTextOnly = false
    /// What `${env:NAME}` and `${file:PATH}` stand for.
    package var references = SettingReferences.none
    /// Is told each secret that is read.
    package var redaction: SecretRedaction?
    /// What the events of the pipeline say that it belongs to where records say nothing; `nil` outside of a pipeline.
    package var eventDefaults: EventDefaults?

    package init(_ content: Content, place: SettingPlace? = nil) {
        self.content = content
        self.place = place
    }

    /// A problem with this value.
    public func problem(_ message: String) -> SettingProblem {
        SettingProblem(message, at: keyPath, place: place)
    }

    /// The problem that the value is not what is expected. Shows the value, unless it came from a reference.
    ///
    /// - Parameter expected: what it should be, such as `a duration such as 250ms`.
    public func mismatch(_ expected: String) -> SettingProblem { problem("is \(expected), not \(shown)") }

    /// The same without the value: what stands in the place of an object or a list of secrets may be one of them.
    private func unshownMismatch(_ expected: String) -> SettingProblem { problem("is \(expected), not \(form)") }

    private var form: String {
        switch content {
        case .null: "null"
        case .boolean: "a truth value"
        case .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }

    /// How a message speaks of the value.
    private var shown: String {
        switch content {
        case .boolean(let value): return "\(value)"
        case .number(let digits): return String(digits.prefix(40))
        case .text(let text):
            // What a reference stands for may be a secret.
            if let reference = SettingReferences.first(in: text) { return "what \(reference) stands for" }
            return text.count > 40 ? "'\(text.prefix(40))…'" : "'\(text)'"
        case .null, .list, .object: return form
        }
    }
}

// MARK: Reading

extension SettingInput {
    /// The text, with what its references stand for.
    ///
    /// - Throws: ``SettingProblem`` where it is no text, or a reference leads nowhere.
    public func text() throws(SettingProblem) -> String {
        guard case .text(let text) = content else { throw mismatch("a text in quotes") }
        do throws(SettingReferences.Failure) {
            return try references.resolve(text)
        } catch {
            throw problem(error.message)
        }
    }

    /// The text of a number or of a truth value that was given by a reference or in the environment.
    private func substituted() throws(SettingProblem) -> String? {
        guard case .text(let text) = content, isTextOnly || SettingReferences.first(in: text) != nil else { return nil }
        return try self.text().trimmingSpaces()
    }

    /// The whole number.
    ///
    /// - Throws: ``SettingProblem`` where it is none, or does not fit.
    public func wholeNumber() throws(SettingProblem) -> Int {
        let text: String?
        if case .number(let digits) = content { text = digits } else { text = try substituted() }
        guard let text, let number = Int(text) else { throw mismatch("a whole number") }
        return number
    }

    /// The number, in its own digits.
    ///
    /// - Throws: ``SettingProblem`` where it is none.
    public func number() throws(SettingProblem) -> Double {
        let text: String?
        if case .number(let digits) = content { text = digits } else { text = try substituted() }
        guard let text, let number = Double(text), number.isFinite else { throw mismatch("a number") }
        return number
    }

    /// The truth value.
    ///
    /// - Throws: ``SettingProblem`` where it is none.
    public func boolean() throws(SettingProblem) -> Bool {
        if case .boolean(let value) = content { return value }
        guard let text = try substituted(), let value = Bool(text) else { throw mismatch("true or false") }
        return value
    }

    /// The elements of a list. In the environment they are separated by commas.
    ///
    /// - Throws: ``SettingProblem`` where it is no list.
    public func elements() throws(SettingProblem) -> [SettingInput] {
        if case .list(let elements) = content {
            return elements.enumerated().map { $1.inside(self, "[\($0)]") }
        }
        guard isTextOnly, case .text(let text) = content else { throw unshownMismatch("a list in brackets") }
        return text.split(separator: ",").enumerated().map { index, element in
            var input = SettingInput(.text(String(element).trimmingSpaces()))
            input.isTextOnly = true
            return input.inside(self, "[\(index)]")
        }
    }

    /// The members of an object, in their order.
    ///
    /// - Throws: ``SettingProblem`` where it is no object.
    public func members() throws(SettingProblem) -> [(name: String, value: SettingInput)] {
        try namedMembers().map { ($0.name, $0.value) }
    }

    package func namedMembers() throws(SettingProblem) -> [Member] {
        guard case .object(let members) = content else { throw unshownMismatch("an object in braces") }
        return members.map { member in
            var member = member
            member.value = member.value.inside(self, Self.step(to: member.name))
            return member
        }
    }

    /// The member of an object, if there is one.
    package func member(_ name: String) throws(SettingProblem) -> SettingInput? {
        try namedMembers().first { $0.name == name }?.value
    }

    package var isNull: Bool { if case .null = content { true } else { false } }

    private func inside(_ parent: SettingInput, _ step: String) -> SettingInput {
        var input = self
        input.references = parent.references
        input.redaction = parent.redaction
        input.eventDefaults = parent.eventDefaults
        input.keyPath = parent.keyPath.isEmpty && step.first == "." ? String(step.dropFirst()) : parent.keyPath + step
        return input
    }

    private static func step(to name: String) -> String {
        let isPlain =
            !name.isEmpty && name.utf8.allSatisfy { $0 > 32 && $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "[") }
        return isPlain ? ".\(name)" : "[\"\(name)\"]"
    }
}

extension String {
    func trimmingSpaces() -> String {
        let isSpace = { (character: Character) in character.isWhitespace }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}

// MARK: In code

extension SettingInput: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self.init(.text(value)) }
    /// A whole number.
    public init(integerLiteral value: Int) { self.init(.number("\(value)")) }
    /// A number.
    public init(floatLiteral value: Double) { self.init(.number("\(value)")) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self.init(.boolean(value)) }
    /// Null.
    public init(nilLiteral: ()) { self.init(.null) }
    /// A list.
    public init(arrayLiteral elements: SettingInput...) { self.init(.list(elements)) }
    /// An object.
    public init(dictionaryLiteral elements: (String, SettingInput)...) {
        self.init(.object(elements.map { Member($0, $1) }))
    }

    /// A text that is not a literal.
    public init(_ text: String) { self.init(.text(text)) }
}
