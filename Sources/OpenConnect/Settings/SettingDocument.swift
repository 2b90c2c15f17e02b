// SPDX-License-Identifier: Apache-2.0

/// A configuration that was read from a text: JSON in which comments (`//`, `/* */`) and trailing commas are allowed.
public struct SettingDocument: Sendable {
    /// The outermost value.
    public let root: SettingInput
    /// What does not keep the values from being read, but is wrong: names that an object has twice.
    public let problems: [SettingProblem]
    /// Knows the secrets that were read from the document.
    public let redaction: SecretRedaction

    /// How deep objects and lists may lie in one another.
    static let maxDepth = 64
    /// How many bytes a text may have.
    package static let maxBytes = 16 << 20

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - json: the text.
    ///   - file: the name of the file, for messages.
    ///   - references: what `${env:NAME}` and `${file:PATH}` in its texts stand for.
    /// - Throws: ``SettingProblems`` with the place where the text is no JSON any more.
    public init(json: String, file: String? = nil, references: SettingReferences = .none) throws(SettingProblems) {
        try self.init(json: json, file: file, references: references, redaction: SecretRedaction())
    }

    /// Reads a text; its secrets are added to what somebody else uses as well.
    package init(
        json: String,
        file: String?,
        references: SettingReferences,
        redaction: SecretRedaction
    ) throws(SettingProblems) {
        try self.init(Array(json.utf8), file, references, redaction)
    }

    /// Reads the bytes of a text; the parameters are those of the other one.
    ///
    /// - Throws: ``SettingProblems`` with the place where the text is no JSON any more, or no UTF-8.
    public init(
        utf8 bytes: [UInt8],
        file: String? = nil,
        references: SettingReferences = .none
    ) throws(SettingProblems) {
        try self.init(bytes, file, references, SecretRedaction())
    }

    private init(
        _ bytes: [UInt8],
        _ file: String?,
        _ references: SettingReferences,
        _ redaction: SecretRedaction
    ) throws(SettingProblems) {
        self.redaction = redaction
        var parser = SettingDocumentParser(bytes, file: file)
        do {
            var root = try parser.document()
            root.references = references
            root.redaction = redaction
            self.root = root
            problems = parser.duplicates
        } catch {
            throw SettingProblems(parser.duplicates + [error])
        }
    }
}
