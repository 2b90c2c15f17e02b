// SPDX-License-Identifier: Apache-2.0

/// A set of ASCII characters: one bit each.
///
/// The sets are numbers and not made when the program starts, so that looking a byte up is two instructions. Each is letters,
/// digits, and the characters that its documentation shows.
struct ByteSet {
    private let low: UInt64
    private let high: UInt64

    @inline(__always)
    private init(_ low: UInt64, _ high: UInt64) {
        (self.low, self.high) = (low, high)
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        ((byte < 64 ? low : byte < 128 ? high : 0) >> UInt64(byte & 63)) & 1 == 1
    }

    /// Of a registered name: unreserved and sub-delims. `-._~!$&'()*+,;=`
    @inline(__always) static var hostCharacters: ByteSet { ByteSet(0x2BFF_7FD2_0000_0000, 0x47FF_FFFE_87FF_FFFE) }

    /// Of user information: those and the colon. `-._~!$&'()*+,;=:`
    @inline(__always) static var userCharacters: ByteSet { ByteSet(0x2FFF_7FD2_0000_0000, 0x47FF_FFFE_87FF_FFFE) }

    /// Of a path: pchar and the slash. `-._~!$&'()*+,;=:@/`
    @inline(__always) static var pathCharacters: ByteSet { ByteSet(0x2FFF_FFD2_0000_0000, 0x47FF_FFFE_87FF_FFFF) }

    /// Of a query or a fragment: those and the question mark. `-._~!$&'()*+,;=:@/?`
    @inline(__always) static var queryCharacters: ByteSet { ByteSet(0xAFFF_FFD2_0000_0000, 0x47FF_FFFE_87FF_FFFF) }

    /// Of a token of RFC 9110, section 5.6.2. `!#$%&'*+-.^_`|~`
    @inline(__always) static var tokenCharacters: ByteSet { ByteSet(0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE) }

    /// Of a scheme, behind its first letter. `+-.`
    @inline(__always) static var schemeCharacters: ByteSet { ByteSet(0x03FF_6800_0000_0000, 0x07FF_FFFE_07FF_FFFE) }
}
