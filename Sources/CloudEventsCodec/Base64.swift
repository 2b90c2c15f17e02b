// SPDX-License-Identifier: Apache-2.0

/// Base64 with the standard alphabet and padding (RFC 4648, section 4; T4), strict when reading.
package enum Base64 {
    /// The length of the text for so many bytes.
    package static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Writes the text of some bytes; the memory has room for ``encodedCount(_:)``.
    package static func encode(_ bytes: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer) {
        let alphabet = alphabet.utf8Start
        var input = 0
        var position = 0
        while input &+ 3 <= bytes.count {
            let group = Int(bytes[input]) << 16 | Int(bytes[input &+ 1]) << 8 | Int(bytes[input &+ 2])
            // One store of four bytes instead of four.
            let low = UInt32(alphabet[group >> 18]) | UInt32(alphabet[group >> 12 & 63]) << 8
            let high = UInt32(alphabet[group >> 6 & 63]) << 16 | UInt32(alphabet[group & 63]) << 24
            output.storeBytes(of: (low | high).littleEndian, toByteOffset: position, as: UInt32.self)
            input &+= 3
            position &+= 4
        }
        let left = bytes.count - input
        guard left > 0 else { return }
        let group = Int(bytes[input]) << 16 | (left == 2 ? Int(bytes[input + 1]) << 8 : 0)
        let padding = UInt8(ascii: "=")
        output.storeBytes(of: alphabet[group >> 18], toByteOffset: position, as: UInt8.self)
        output.storeBytes(of: alphabet[group >> 12 & 63], toByteOffset: position + 1, as: UInt8.self)
        let third = left == 2 ? alphabet[group >> 6 & 63] : padding
        output.storeBytes(of: third, toByteOffset: position + 2, as: UInt8.self)
        output.storeBytes(of: padding, toByteOffset: position + 3, as: UInt8.self)
    }

    /// The text of some bytes.
    package static func encode(_ bytes: SharedBytes) -> String {
        bytes.withUnsafeBytes { input in
            String(unsafeUninitializedCapacity: encodedCount(input.count)) { output in
                if let start = output.baseAddress { encode(input, to: UnsafeMutableRawPointer(start)) }
                return encodedCount(input.count)
            }
        }
    }

    /// The bytes of some text, or nothing where it is not exactly base64: a foreign character, missing padding, or bits
    /// set behind the last byte.
    package static func decode(_ text: UnsafeRawBufferPointer) -> SharedBytes? {
        guard text.count % 4 == 0 else { return nil }
        guard text.count > 0 else { return SharedBytes() }
        var padding = 0
        if text[text.count - 1] == UInt8(ascii: "=") { padding = text[text.count - 2] == UInt8(ascii: "=") ? 2 : 1 }
        var isValid = true
        let bytes = SharedBytes(unsafeUninitializedCapacity: text.count / 4 * 3 - padding) { output in
            isValid = decode(text, padding: padding, to: UnsafeMutableRawBufferPointer(output))
            return isValid ? output.count : 0
        }
        return isValid ? bytes : nil
    }

    private static func decode(
        _ text: UnsafeRawBufferPointer,
        padding: Int,
        to output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        decodingTable.withUnsafeBufferPointer { table in
            let fullGroups = text.count / 4 - (padding == 0 ? 0 : 1)
            var seen: UInt8 = 0
            for group in 0..<fullGroups {
                let input = group &* 4
                let first = table[Int(text[input])]
                let second = table[Int(text[input &+ 1])]
                let third = table[Int(text[input &+ 2])]
                let fourth = table[Int(text[input &+ 3])]
                seen |= first | second | third | fourth
                let position = group &* 3
                output[position] = first << 2 | second >> 4
                output[position &+ 1] = second << 4 | third >> 2
                output[position &+ 2] = third << 6 | fourth
            }
            guard seen < 64 else { return false }
            guard padding > 0 else { return true }
            let last = fullGroups * 4
            let first = table[Int(text[last])]
            let second = table[Int(text[last + 1])]
            let third = padding == 1 ? table[Int(text[last + 2])] : 0
            guard first | second | third < 64 else { return false }
            output[fullGroups * 3] = first << 2 | second >> 4
            if padding == 2 { return second & 0x0F == 0 }
            output[fullGroups * 3 + 1] = second << 4 | third >> 2
            return third & 0x03 == 0
        }
    }

    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// The six bits of each character, 255 for a character that is not in the alphabet.
    private static let decodingTable: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for index in 0..<64 { table[Int(alphabet.utf8Start[index])] = UInt8(index) }
        return table
    }()
}
