// SPDX-License-Identifier: Apache-2.0

/// The addresses RFC 3986 allows between brackets.
enum IPLiteral {
    /// `IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
    static func isFuture(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first, first | 0x20 == UInt8(ascii: "v"),
            let dot = bytes.firstIndex(of: UInt8(ascii: ".")), dot > 1, dot + 1 < bytes.count
        else { return false }
        return bytes[1..<dot].allSatisfy(URISyntax.isHex)
            && bytes[(dot + 1)...].allSatisfy(ByteSet.userCharacters.contains)
    }

    /// `IPv6address`: eight groups of up to four hexadecimal digits, one run of groups shortened to `::`, the last two
    /// groups possibly as an IPv4 address.
    static func isVersion6(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var groups = 0
        var shortened = false
        var position = 0
        if startsWithTwoColons(bytes, at: 0) {
            shortened = true
            position = 2
        }
        while position < bytes.count {
            let length = bytes[position...].prefix(5).prefix(while: URISyntax.isHex).count
            let end = position + length
            if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
                groups += 2
                let address = UnsafeRawBufferPointer(rebasing: bytes[position...])
                return isVersion4(address) && (shortened ? groups <= 7 : groups == 8)
            }
            guard length >= 1, length <= 4 else { return false }
            groups += 1
            if end == bytes.count { break }
            guard bytes[end] == UInt8(ascii: ":") else { return false }
            if startsWithTwoColons(bytes, at: end) {
                guard !shortened else { return false }
                shortened = true
                position = end + 2
            } else {
                position = end + 1
                guard position < bytes.count else { return false }
            }
        }
        return shortened ? groups <= 7 : groups == 8
    }

    private static func startsWithTwoColons(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Bool {
        position + 1 < bytes.count && bytes[position] == UInt8(ascii: ":") && bytes[position + 1] == UInt8(ascii: ":")
    }

    /// Four decimal numbers up to 255 without leading zeros.
    private static func isVersion4(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return false }
        return parts.allSatisfy { part in
            guard let first = part.first, part.count <= 3, part.allSatisfy(URISyntax.isDigit) else { return false }
            if part.count > 1, first == UInt8(ascii: "0") { return false }
            return part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 255
        }
    }
}
