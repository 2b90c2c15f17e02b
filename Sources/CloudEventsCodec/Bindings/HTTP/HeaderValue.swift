// SPDX-License-Identifier: Apache-2.0

/// The text of an attribute as the value of an HTTP header, and back (H7 to H9); NATS does the same (N2).
package enum HTTPHeaderValue {
    /// Percent-encodes what a header's value cannot hold: space, `"`, `%` and everything outside U+0021 to U+007E, byte
    /// by byte of its UTF-8, with upper-case digits; nothing else (H7).
    package static func encode(_ text: String) -> String {
        var text = text
        return text.withUTF8 { encode(UnsafeRawBufferPointer($0)) } ?? text
    }

    /// As of a string.
    static func encode(_ text: EventText) -> String { encode(text.bytes) ?? text.string }

    /// The encoded text, or nothing where it is the text itself.
    private static func encode(_ buffer: UnsafeRawBufferPointer) -> String? {
        let bytes = ByteView(buffer)
        var extra = 0
        for position in 0..<bytes.count where needsEncoding(bytes[position]) { extra += 2 }
        guard extra > 0 else { return nil }
        return String(unsafeUninitializedCapacity: bytes.count + extra) { output in
            var count = 0
            for position in 0..<bytes.count {
                let byte = bytes[position]
                guard needsEncoding(byte) else {
                    output[count] = byte
                    count += 1
                    continue
                }
                output[count] = UInt8(ascii: "%")
                output[count + 1] = digit(byte >> 4)
                output[count + 2] = digit(byte & 0x0F)
                count += 3
            }
            return count
        }
    }

    /// Reads a header's value: first double-quoted parts with their backslash escapes, wherever they are in the value,
    /// then one round of percent-decoding (H8). Digits of either case and needless encoding are read.
    ///
    /// White space around the value is not taken off here.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` and the rule H8 where a quote or a
    ///   percent sequence is not complete, or the bytes are not UTF-8.
    package static func decode(_ header: String) throws(CloudEventError) -> String {
        var header = header
        let decoded: SharedBytes? = try header.withUTF8Bytes { bytes throws(CloudEventError) in
            guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "\"") }) else { return nil }
            return try SharedBytes(unsafeUninitializedCapacity: bytes.count) { output throws(CloudEventError) in
                let unquotedCount = try unquote(bytes, to: output)
                return try percentDecode(output, count: unquotedCount)
            }
        }
        guard let decoded else { return header }
        guard let text = String(validatingUTF8: decoded) else {
            throw invalid("the percent-decoded bytes are not valid UTF-8")
        }
        return text
    }
}

extension HTTPHeaderValue {
    @inline(__always)
    private static func needsEncoding(_ byte: UInt8) -> Bool {
        byte < 0x21 || byte > 0x7E || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "%")
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    @inline(__always)
    static func value(ofDigit byte: UInt8) -> UInt8? {
        if URISyntax.isDigit(byte) { return byte - UInt8(ascii: "0") }
        return URISyntax.isHex(byte) ? (byte | 0x20) - UInt8(ascii: "a") + 10 : nil
    }

    /// Copies the bytes without the quotes of quoted parts and the backslashes of their escapes; gives their number.
    private static func unquote(
        _ bytes: UnsafeRawBufferPointer,
        to output: UnsafeMutableBufferPointer<UInt8>
    ) throws(CloudEventError) -> Int {
        var isQuoted = false
        var count = 0
        var position = 0
        while position < bytes.count {
            var byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
                continue
            }
            if isQuoted, byte == UInt8(ascii: "\\") {
                guard position < bytes.count else { throw invalid("the quoted part ends in a backslash") }
                byte = bytes[position]
                position += 1
            }
            output[count] = byte
            count += 1
        }
        guard !isQuoted else { throw invalid("the quoted part has no closing quote") }
        return count
    }

    /// Decodes percent sequences in place; gives the number of bytes then.
    private static func percentDecode(
        _ bytes: UnsafeMutableBufferPointer<UInt8>,
        count: Int
    ) throws(CloudEventError) -> Int {
        var (read, written) = (0, 0)
        while read < count {
            var byte = bytes[read]
            read += 1
            if byte == UInt8(ascii: "%") {
                guard count - read >= 2, let high = value(ofDigit: bytes[read]),
                    let low = value(ofDigit: bytes[read + 1])
                else { throw invalid("a percent sign is not followed by two hexadecimal digits") }
                byte = high << 4 | low
                read += 2
            }
            bytes[written] = byte
            written += 1
        }
        return written
    }

    private static func invalid(_ reason: String) -> CloudEventError {
        CloudEventError(.invalidValue, reason + "; encode the value as the HTTP binding says", rule: "H8")
    }
}

extension String {
    /// The bytes of the text, for closures that throw.
    mutating func withUTF8Bytes<Value>(
        _ body: (UnsafeRawBufferPointer) throws(CloudEventError) -> Value
    ) throws(CloudEventError) -> Value {
        let outcome = withUTF8 { buffer -> Result<Value, CloudEventError> in
            do throws(CloudEventError) {
                return .success(try body(UnsafeRawBufferPointer(buffer)))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
