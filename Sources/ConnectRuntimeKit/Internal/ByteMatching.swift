// SPDX-License-Identifier: Apache-2.0

/// Whether bytes are the same, eight at a time.
@inline(__always)
func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    return haveEqualStart(left, right, right.count)
}

/// Whether the first bytes of both are the same. Both have as many.
@inline(__always)
private func haveEqualStart(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ count: Int) -> Bool {
    var index = 0
    while index &+ 8 <= count {
        let (word, other) = (
            left.loadUnaligned(fromByteOffset: index, as: UInt64.self),
            right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        )
        guard word == other else { return false }
        index &+= 8
    }
    while index < count {
        guard left[index] == right[index] else { return false }
        index &+= 1
    }
    return true
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    func hasPrefix(_ prefix: UnsafeRawBufferPointer) -> Bool {
        count >= prefix.count && haveEqualStart(self, prefix, prefix.count)
    }

    @inline(__always)
    func hasSuffix(_ suffix: UnsafeRawBufferPointer) -> Bool {
        guard count >= suffix.count else { return false }
        return haveEqualStart(UnsafeRawBufferPointer(rebasing: self[(count &- suffix.count)...]), suffix, suffix.count)
    }

    /// Whether it begins with one text and ends with another that does not overlap it.
    @inline(__always)
    func has(prefix: UnsafeRawBufferPointer, suffix: UnsafeRawBufferPointer) -> Bool {
        count >= prefix.count &+ suffix.count && hasPrefix(prefix) && hasSuffix(suffix)
    }

    /// Whether it is a text apart from the case of its letters. The text is in small letters.
    func isEqualIgnoringCase(to folded: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < count, index < folded.count {
            let byte = self[index]
            guard byte < 0x80 else { return isSlowlyEqualIgnoringCase(to: folded) }
            let isCapital = byte &- UInt8(ascii: "A") < 26
            guard (isCapital ? byte | 0x20 : byte) == folded[index] else {
                // A letter that is not ASCII may have a small one that is: K, the sign of Kelvin.
                return isSlowlyEqualIgnoringCase(to: folded)
            }
            index &+= 1
        }
        return count == folded.count || isSlowlyEqualIgnoringCase(to: folded)
    }

    /// With the letters of all scripts; nothing to do where all of the text is ASCII, as then it is known not to be equal.
    private func isSlowlyEqualIgnoringCase(to folded: UnsafeRawBufferPointer) -> Bool {
        // No small letter has more than three times the bytes of its capital, nor less than a third of them.
        guard count <= 3 * folded.count, folded.count <= 3 * count, contains(where: { $0 >= 0x80 }) else {
            return false
        }
        var text = String(decoding: self, as: UTF8.self).lowercased()
        return text.withUTF8 { areEqual(UnsafeRawBufferPointer($0), folded) }
    }
}
