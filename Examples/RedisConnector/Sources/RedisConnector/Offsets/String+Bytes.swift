// SPDX-License-Identifier: Apache-2.0

/// Texts cut at their bytes, as they were put together.
///
/// A colon and an accent that follows it are one `Character`, which equals no colon.
extension String {
    /// What lies between the occurrences of an ASCII character; one part more than there are occurrences.
    func parts(between ascii: Unicode.Scalar, maxSplits: Int) -> [String] {
        utf8.split(separator: UInt8(ascii: ascii), maxSplits: maxSplits, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The text behind its first bytes, which hold whole Unicode scalars.
    func dropping(bytes count: Int) -> String { String(decoding: utf8.dropFirst(count), as: UTF8.self) }
}
