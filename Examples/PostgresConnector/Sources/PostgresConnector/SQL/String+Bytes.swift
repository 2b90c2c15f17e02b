// SPDX-License-Identifier: Apache-2.0

/// Texts cut and changed at their bytes, as a server reads them.
///
/// A quote and an accent that follows it are one `Character`, which equals no quote.
extension String {
    /// The text with another one in place of each occurrence of an ASCII character.
    func replacing(_ ascii: Unicode.Scalar, by text: String) -> String {
        parts(between: ascii).joined(separator: text)
    }

    /// What lies between the occurrences of an ASCII character; one part more than there are occurrences.
    func parts(between ascii: Unicode.Scalar, maxSplits: Int = .max) -> [String] {
        utf8.split(separator: UInt8(ascii: ascii), maxSplits: maxSplits, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The text behind its first bytes, which are ASCII.
    func dropping(bytes count: Int) -> String { String(decoding: utf8.dropFirst(count), as: UTF8.self) }
}
