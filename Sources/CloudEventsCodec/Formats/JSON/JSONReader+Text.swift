// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    /// Whether bytes are exactly one number, without white space around it.
    package static func isNumber(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first, first == UInt8(ascii: "-") || URISyntax.isDigit(first) else { return false }
        var scanner = JSONScanner(bytes)
        return (try? scanner.number()) != nil && scanner.offset == bytes.count
    }

    /// The bytes between the quotation marks as they stand in the text.
    package func rawBytes(_ string: JSONString) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[string.range])
    }

    /// The bytes of a number as they stand in the text.
    package func rawBytes(_ number: JSONNumber) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[number.range])
    }

    /// Calls with the UTF-8 bytes that the text stands for; only a string with escapes is copied for it.
    package func withUTF8(_ string: JSONString, _ body: (UnsafeRawBufferPointer) -> Void) {
        scanner.withUTF8(string, body)
    }

    /// The string that the text stands for.
    package func text(_ string: JSONString) -> String {
        guard string.hasEscapes else { return String(decoding: rawBytes(string), as: UTF8.self) }
        let raw = rawBytes(string)
        return String(unsafeUninitializedCapacity: raw.count) { output in
            JSONScanner.unescape(raw, to: UnsafeMutableRawBufferPointer(output))
        }
    }

    /// The UTF-8 bytes that the text stands for.
    ///
    /// - Parameter buffer: the buffer whose first byte is the reader's first byte. A string without escapes shares it.
    package func utf8(_ string: JSONString, in buffer: SharedBytes) -> SharedBytes {
        guard string.hasEscapes else { return buffer.slice(string.range) }
        let raw = rawBytes(string)
        return SharedBytes(unsafeUninitializedCapacity: raw.count) { output in
            JSONScanner.unescape(raw, to: UnsafeMutableRawBufferPointer(output))
        }
    }
}
