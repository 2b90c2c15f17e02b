// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Synchronization

/// Takes the secrets of a configuration out of texts that somebody else made, such as the error of a client library.
///
/// What the library writes itself never holds a ``Secret``. This is for what it cannot know.
public final class SecretRedaction: Sendable {
    private let secrets = Mutex<Set<[UInt8]>>([])
    /// Shorter texts are found in too many words; in bytes.
    private static let leastLength = 4
    private static let mark = Array(Secret("").description.utf8)

    /// Knows no secret yet.
    public init() {}

    /// Adds a secret, also as it is written in JSON, in one line of a log, and as that line is written in JSON; one of less
    /// than four bytes is not looked for.
    public func add(_ secret: Secret) {
        let text = secret.reveal()
        guard text.utf8.count >= Self.leastLength else { return }
        let forms = [text, text.oneLine]
        let inJSON = forms.map { StructuredValue.string($0).json.withUnsafeBytes { Array($0.dropFirst().dropLast()) } }
        secrets.withLock { $0.formUnion(forms.map { Array($0.utf8) } + inJSON) }
    }

    /// The text with `<redacted>` in the place of each secret.
    public func redact(_ text: String) -> String {
        // By bytes: a character may begin in a secret and end behind it. The longest first: one may be part of another.
        let bytes = Array(text.utf8)
        let found = secrets.withLock { $0.filter(bytes.contains) }.sorted { $0.count > $1.count }
        guard !found.isEmpty else { return text }
        return String(decoding: found.reduce(bytes) { $0.replacing($1, with: Self.mark) }, as: UTF8.self)
    }
}
