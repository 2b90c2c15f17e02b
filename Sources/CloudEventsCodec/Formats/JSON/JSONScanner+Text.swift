// SPDX-License-Identifier: Apache-2.0

extension JSONScanner {
    /// The bytes between the quotation marks as they stand in the text.
    @inline(__always)
    func rawBytes(_ string: JSONString) -> UnsafeRawBufferPointer {
        bytes[string.range]
    }

    /// The bytes from a place to the current one.
    @inline(__always)
    func rawBytes(from start: Int) -> UnsafeRawBufferPointer {
        bytes[Range(uncheckedBounds: (start, offset))]
    }

    /// Gives the UTF-8 bytes that the text stands for to a closure; only a string with escapes is copied for it.
    @inline(__always)
    func withUTF8<Result, Failure: Error>(
        _ string: JSONString,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let raw = rawBytes(string)
        guard string.hasEscapes else { return try body(raw) }
        let result: Swift.Result<Result, Failure> =
            withUnsafeTemporaryAllocation(byteCount: raw.count, alignment: 1) { output in
                let count = Self.unescape(raw, to: output)
                let content = UnsafeRawBufferPointer(rebasing: output[..<count])
                do throws(Failure) { return .success(try body(content)) } catch { return .failure(error) }
            }
        return try result.get()
    }

    /// The text between the quotation marks as it stands there.
    func rawText(_ string: JSONString) -> String { String(decoding: rawBytes(string), as: UTF8.self) }

    /// The bytes that the text stands for, in a buffer of their own.
    func unescaped(_ string: JSONString) -> SharedBytes {
        let raw = rawBytes(string)
        return SharedBytes(unsafeUninitializedCapacity: raw.count) { output in
            Self.unescape(raw, to: UnsafeMutableRawBufferPointer(output))
        }
    }

    /// Resolves the escapes of a checked string. The result is never longer than the text.
    static func unescape(_ raw: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        var position = 0
        while position < raw.count {
            let byte = raw[position]
            guard byte == UInt8(ascii: "\\"), position + 1 < raw.count else {
                output[count] = byte
                count += 1
                position += 1
                continue
            }
            guard let unit = raw.unicodeEscape(at: position) else {
                output[count] = controlCharacter(raw[position + 1])
                count += 1
                position += 2
                continue
            }
            var scalar = UInt32(unit)
            position += 6
            if unit & 0xFC00 == 0xD800, let low = raw.unicodeEscape(at: position) {
                scalar = 0x1_0000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(low) & 0x3FF
                position += 6
            }
            count += write(scalar, to: output, at: count)
        }
        return count
    }

    private static func controlCharacter(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    private static func write(_ scalar: UInt32, to output: UnsafeMutableRawBufferPointer, at position: Int) -> Int {
        guard let scalar = Unicode.Scalar(scalar), let encoded = UTF8.encode(scalar) else { return 0 }
        var count = 0
        for unit in encoded {
            output[position + count] = unit
            count += 1
        }
        return count
    }
}
