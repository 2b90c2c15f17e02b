// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Takes the secrets of a configuration out of texts that somebody else made, such as the error of a client library.
///
/// What the library writes itself never holds a ``Secret``. This is for what it cannot know.
public final class SecretRedaction: Sendable {
    private let secrets = Mutex<Set<String>>([])
    /// Shorter texts are found in too many words.
    private static let leastLength = 4

    /// Knows no secret yet.
    public init() {}

    /// Adds a secret; one of less than four characters is not looked for.
    public func add(_ secret: Secret) {
        let text = secret.reveal()
        guard text.count >= Self.leastLength else { return }
        secrets.withLock { _ = $0.insert(text) }
    }

    /// The text with `<redacted>` in the place of each secret.
    public func redact(_ text: String) -> String {
        // The longest first: one secret may be part of another.
        let known = secrets.withLock { $0.sorted { ($0.count, $0) > ($1.count, $1) } }
        return known.reduce(text) { $0.contains($1) ? $0.replacing($1, with: Secret("").description) : $0 }
    }
}
