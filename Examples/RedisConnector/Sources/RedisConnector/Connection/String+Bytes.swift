// SPDX-License-Identifier: Apache-2.0

/// Texts compared and cut byte by byte, as the server does and as they were put together.
///
/// To Swift an é equals an e with an accent behind it, and a colon and an accent that follows it are one `Character`, which
/// equals no colon.
extension String {
    /// Whether both are the same to the server.
    func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// What lies between the occurrences of an ASCII character; one part more than there are occurrences.
    func parts(between ascii: Unicode.Scalar, maxSplits: Int) -> [String] {
        utf8.split(separator: UInt8(ascii: ascii), maxSplits: maxSplits, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The text behind its first bytes, which hold whole Unicode scalars.
    func dropping(bytes count: Int) -> String { String(decoding: utf8.dropFirst(count), as: UTF8.self) }
}
