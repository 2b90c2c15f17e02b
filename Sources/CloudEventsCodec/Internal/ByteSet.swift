// SPDX-License-Identifier: Apache-2.0

/// A set of ASCII characters: letters, digits, and the others that the set's documentation shows.
///
/// Whether a byte belongs to a set is one look into a table that is part of the program's code.
struct ByteSet {
    private let bit: UInt8

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        byte < 128 && (Self.classes.utf8Start[Int(byte)] &- UInt8(ascii: "0")) & bit != 0
    }

    /// Of a registered name, unreserved and sub-delims: `-._~!$&'()*+,;=`
    @inline(__always) static var hostCharacters: ByteSet { ByteSet(bit: 1) }

    /// Of user information, those and the colon: `-._~!$&'()*+,;=:`
    @inline(__always) static var userCharacters: ByteSet { ByteSet(bit: 2) }

    /// Of a path, pchar and the slash: `-._~!$&'()*+,;=:@/`
    @inline(__always) static var pathCharacters: ByteSet { ByteSet(bit: 4) }

    /// Of a query or a fragment, those and the question mark: `-._~!$&'()*+,;=:@/?`
    @inline(__always) static var queryCharacters: ByteSet { ByteSet(bit: 8) }

    /// Of a token of RFC 9110, section 5.6.2: `` !#$%&'*+-.^_`|~ ``
    @inline(__always) static var tokenCharacters: ByteSet { ByteSet(bit: 16) }

    /// Of a scheme, behind its first letter: `+-.`
    @inline(__always) static var schemeCharacters: ByteSet { ByteSet(bit: 32) }

    /// One character for each of ASCII: `0` and the sets that it belongs to, one bit each, so that `o` belongs to all.
    @inline(__always) private static var classes: StaticString {
        """
        00000000000000000000000000000000\
        0O0@O@OO??Oo?oo<oooooooooo>?0?08\
        <oooooooooooooooooooooooooo000@O\
        @oooooooooooooooooooooooooo0@0O0
        """
    }
}
