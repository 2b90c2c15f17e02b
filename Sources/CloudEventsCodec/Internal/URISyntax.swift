// SPDX-License-Identifier: Apache-2.0

/// The grammar of RFC 3986, appendix A, as predicates over bytes.
enum URISyntax {
    /// `absolute-URI = scheme ":" hier-part [ "?" query ]`.
    static func isAbsolute(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let afterScheme = scheme(of: bytes) else { return false }
        return isRest(bytes, from: afterScheme, fragmentAllowed: false)
    }

    /// `URI-reference = URI / relative-ref`.
    static func isReference(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let afterScheme = scheme(of: bytes) { return isRest(bytes, from: afterScheme, fragmentAllowed: true) }
        // A relative reference must not have a colon in its first segment: it would read as a scheme.
        for byte in bytes {
            if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") { break }
            if byte == UInt8(ascii: ":") { return false }
        }
        return isRest(bytes, from: 0, fragmentAllowed: true)
    }

    /// Where the part behind a valid scheme and its colon begins.
    private static func scheme(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard let first = bytes.first, isLetter(first) else { return nil }
        for index in 1..<max(1, bytes.count) {
            let byte = bytes[index]
            if byte == UInt8(ascii: ":") { return index + 1 }
            guard
                isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: ".")
            else { return nil }
        }
        return nil
    }

    /// Authority, path, query and fragment.
    private static func isRest(_ bytes: UnsafeRawBufferPointer, from start: Int, fragmentAllowed: Bool) -> Bool {
        var position = start
        if bytes.count >= start + 2, bytes[start] == UInt8(ascii: "/"), bytes[start + 1] == UInt8(ascii: "/") {
            position = end(in: bytes, from: start + 2) { $0 == UInt8(ascii: "/") }
            guard isAuthority(UnsafeRawBufferPointer(rebasing: bytes[(start + 2)..<position])) else { return false }
        }
        let pathEnd = end(in: bytes, from: position) { _ in false }
        guard consists(bytes[position..<pathEnd], of: .pathCharacters) else { return false }
        position = pathEnd
        if position < bytes.count, bytes[position] == UInt8(ascii: "?") {
            let queryEnd = bytes[position...].firstIndex(of: UInt8(ascii: "#")) ?? bytes.count
            guard consists(bytes[(position + 1)..<queryEnd], of: .queryCharacters) else { return false }
            position = queryEnd
        }
        guard position < bytes.count else { return true }
        return fragmentAllowed && consists(bytes[(position + 1)...], of: .queryCharacters)
    }

    /// The next `?`, `#`, or byte the caller stops at.
    private static func end(
        in bytes: UnsafeRawBufferPointer,
        from start: Int,
        stop: (UInt8) -> Bool
    ) -> Int {
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") || stop(byte) { break }
            position += 1
        }
        return position
    }

    /// `authority = [ userinfo "@" ] host [ ":" port ]`.
    private static func isAuthority(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var start = 0
        if let at = bytes.firstIndex(of: UInt8(ascii: "@")) {
            guard consists(bytes[..<at], of: .userCharacters) else { return false }
            start = at + 1
        }
        var hostEnd: Int
        if start < bytes.count, bytes[start] == UInt8(ascii: "[") {
            guard let close = bytes[start...].firstIndex(of: UInt8(ascii: "]")) else { return false }
            let literal = UnsafeRawBufferPointer(rebasing: bytes[(start + 1)..<close])
            guard IPLiteral.isVersion6(literal) || IPLiteral.isFuture(literal) else { return false }
            hostEnd = close + 1
        } else {
            hostEnd = bytes[start...].firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            guard consists(bytes[start..<hostEnd], of: .hostCharacters) else { return false }
        }
        guard hostEnd < bytes.count else { return true }
        guard bytes[hostEnd] == UInt8(ascii: ":") else { return false }
        hostEnd += 1
        return bytes[hostEnd...].allSatisfy(isDigit)
    }

    /// Whether all bytes belong to the set; a percent sign must begin a valid triplet.
    private static func consists(_ bytes: Slice<UnsafeRawBufferPointer>, of set: ByteSet) -> Bool {
        var position = bytes.startIndex
        while position < bytes.endIndex {
            let byte = bytes[position]
            if byte == UInt8(ascii: "%") {
                guard bytes.endIndex - position > 2, isHex(bytes[position + 1]), isHex(bytes[position + 2]) else {
                    return false
                }
                position += 3
            } else {
                guard set.contains(byte) else { return false }
                position += 1
            }
        }
        return true
    }

    @inline(__always)
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    @inline(__always)
    static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6 }
}

/// A set of ASCII characters: one bit each.
struct ByteSet {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(lettersDigitsAnd others: StaticString) {
        for byte in UInt8(ascii: "a")...UInt8(ascii: "z") { insert(byte) }
        for byte in UInt8(ascii: "A")...UInt8(ascii: "Z") { insert(byte) }
        for byte in UInt8(ascii: "0")...UInt8(ascii: "9") { insert(byte) }
        for index in 0..<others.utf8CodeUnitCount { insert(others.utf8Start[index]) }
    }

    private mutating func insert(_ byte: UInt8) {
        if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 == 1
    }

    static let hostCharacters = ByteSet(lettersDigitsAnd: "-._~!$&'()*+,;=")
    static let userCharacters = ByteSet(lettersDigitsAnd: "-._~!$&'()*+,;=:")
    static let pathCharacters = ByteSet(lettersDigitsAnd: "-._~!$&'()*+,;=:@/")
    static let queryCharacters = ByteSet(lettersDigitsAnd: "-._~!$&'()*+,;=:@/?")
    static let tokenCharacters = ByteSet(lettersDigitsAnd: "!#$%&'*+-.^_`|~")
}
