// SPDX-License-Identifier: Apache-2.0

/// The grammar of RFC 3986, appendix A, as predicates over bytes.
enum URISyntax {
    /// `absolute-URI = scheme ":" hier-part [ "?" query ]`.
    static func isAbsolute(_ buffer: UnsafeRawBufferPointer) -> Bool {
        let bytes = ByteView(buffer)
        let colon = schemeEnd(bytes)
        guard colon > 0, colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { return false }
        return isRest(bytes, from: colon &+ 1, fragmentAllowed: false)
    }

    /// `URI-reference = URI / relative-ref`.
    static func isReference(_ buffer: UnsafeRawBufferPointer) -> Bool {
        let bytes = ByteView(buffer)
        let colon = schemeEnd(bytes)
        if colon > 0, colon < bytes.count, bytes[colon] == UInt8(ascii: ":") {
            return isRest(bytes, from: colon &+ 1, fragmentAllowed: true)
        }
        // A relative reference must not have a colon in its first segment: it would read as a scheme.
        var position = colon
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") { break }
            if byte == UInt8(ascii: ":") { return false }
            position &+= 1
        }
        return isRest(bytes, from: 0, fragmentAllowed: true)
    }

    /// The end of what could be a scheme at the beginning: a letter, then letters, digits, `+`, `-` and `.`.
    @inline(__always)
    private static func schemeEnd(_ bytes: ByteView) -> Int {
        guard bytes.count > 0, isLetter(bytes[0]) else { return 0 }
        if bytes.count >= 8, equal(bytes[0..<8], "https://") { return 5 }
        var position = 1
        while position < bytes.count, ByteSet.schemeCharacters.contains(bytes[position]) { position &+= 1 }
        return position
    }

    /// Authority, path, query and fragment.
    @inline(__always)
    private static func isRest(_ bytes: ByteView, from start: Int, fragmentAllowed: Bool) -> Bool {
        var position = start
        if position &+ 2 <= bytes.count, bytes[position] == UInt8(ascii: "/"), bytes[position &+ 1] == UInt8(ascii: "/")
        {
            let authority = position &+ 2
            position = bytes.endOfCommonText(from: authority, inHost: true)
            position = end(of: .hostCharacters, in: bytes, from: position)
            // Most authorities are a name alone.
            if position < bytes.count, !isAuthorityEnd(bytes[position]) {
                while position < bytes.count, !isAuthorityEnd(bytes[position]) { position &+= 1 }
                guard isAuthority(bytes[authority..<position]) else { return false }
            }
        }
        position = end(of: .pathCharacters, in: bytes, from: bytes.endOfCommonText(from: position, inHost: false))
        if position < bytes.count, bytes[position] == UInt8(ascii: "?") {
            position = end(of: .queryCharacters, in: bytes, from: position &+ 1)
        }
        guard position < bytes.count else { return true }
        guard fragmentAllowed, bytes[position] == UInt8(ascii: "#") else { return false }
        return end(of: .queryCharacters, in: bytes, from: position &+ 1) == bytes.count
    }

    @inline(__always)
    private static func isAuthorityEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    /// The position of the first byte that belongs neither to the set nor to a valid triplet of a percent sign.
    @inline(__always)
    private static func end(of set: ByteSet, in bytes: ByteView, from start: Int) -> Int {
        var position = start
        while position < bytes.count {
            if set.contains(bytes[position]) {
                position &+= 1
            } else {
                guard bytes[position] == UInt8(ascii: "%"), position &+ 2 < bytes.count,
                    isHex(bytes[position &+ 1]), isHex(bytes[position &+ 2])
                else { break }
                position &+= 3
            }
        }
        return position
    }

    /// `authority = [ userinfo "@" ] host [ ":" port ]`.
    @inline(never)
    private static func isAuthority(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let view = ByteView(bytes)
        var start = 0
        if let at = bytes.firstIndex(of: UInt8(ascii: "@")) {
            guard end(of: .userCharacters, in: view, from: 0) == at else { return false }
            start = at + 1
        }
        var hostEnd: Int
        if start < bytes.count, bytes[start] == UInt8(ascii: "[") {
            guard let close = bytes[start...].firstIndex(of: UInt8(ascii: "]")) else { return false }
            let literal = UnsafeRawBufferPointer(rebasing: bytes[(start + 1)..<close])
            guard IPLiteral.isVersion6(literal) || IPLiteral.isFuture(literal) else { return false }
            hostEnd = close + 1
        } else {
            hostEnd = end(of: .hostCharacters, in: view, from: start)
        }
        guard hostEnd < bytes.count else { return true }
        guard bytes[hostEnd] == UInt8(ascii: ":") else { return false }
        hostEnd += 1
        return bytes[hostEnd...].allSatisfy(isDigit)
    }

    @inline(__always)
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    @inline(__always)
    static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6 }
}

extension ByteView {
    /// A position from `start` on before which all bytes are letters, digits, `-`, `.` or `;`, and in a path `/` or `:`:
    /// what most URIs have nothing else of, looked at sixteen bytes at a time.
    @inline(__always)
    fileprivate func endOfCommonText(from start: Int, inHost: Bool) -> Int {
        var position = start
        while position &+ 16 <= count {
            let (low, high) = unsafeBitCast(uncommonBytes(at: position, inHost), to: (UInt64, UInt64).self)
            if low != 0 { return position &+ low.trailingZeroBitCount &>> 3 }
            if high != 0 { return position &+ 8 &+ high.trailingZeroBitCount &>> 3 }
            position &+= 16
        }
        // The last sixteen bytes once more, if nothing among them stops.
        guard count >= 16, count &- 16 >= start else { return position }
        let (low, high) = unsafeBitCast(uncommonBytes(at: count &- 16, inHost), to: (UInt64, UInt64).self)
        return low | high == 0 ? count : position
    }

    @inline(__always)
    private func uncommonBytes(at position: Int, _ inHost: Bool) -> SIMDMask<SIMD16<Int8>> {
        let bytes: SIMD16<UInt8> = load(position, as: SIMD16<UInt8>.self)
        let lowercased: SIMD16<UInt8> = bytes | SIMD16<UInt8>(repeating: 0x20)
        let noLetters: SIMDMask<SIMD16<Int8>> =
            (lowercased &- SIMD16<UInt8>(repeating: UInt8(ascii: "a"))) .>= SIMD16<UInt8>(repeating: 26)
        // From the hyphen to the semicolon: with `.`, `/`, the digits and `:` between them.
        let noOthers: SIMDMask<SIMD16<Int8>> =
            (bytes &- SIMD16<UInt8>(repeating: UInt8(ascii: "-"))) .>= SIMD16<UInt8>(repeating: 15)
        guard inHost else { return noLetters .& noOthers }
        let slashes: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16<UInt8>(repeating: UInt8(ascii: "/"))
        let colons: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16<UInt8>(repeating: UInt8(ascii: ":"))
        return (noLetters .& noOthers) .| slashes .| colons
    }
}
