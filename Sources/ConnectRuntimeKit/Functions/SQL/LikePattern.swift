// SPDX-License-Identifier: Apache-2.0

/// The pattern of LIKE (L13): `%` stands for any characters, `_` for one, and a backslash in front of either for itself.
///
/// The pieces between the `%` are looked for from left to right, each at the first place where it can be; the first and the
/// last are tied to the ends. That never has to go back, and ``LikePiece`` looks for each in a time that grows with the
/// text alone.
///
/// Pattern and pieces are objects, of which one reference is counted where they are used and not one for each field.
final class LikePattern: Sendable {
    private let head: LikePiece
    /// What is between two `%`.
    private let middle: [LikePiece]
    /// What is behind the last `%`; `nil` where there is none.
    private let tail: LikePiece?

    convenience init(_ text: String) {
        var pieces: [[LikePiece.Element]] = [[]]
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                pieces.append([])
            } else if byte == UInt8(ascii: "_") {
                pieces[pieces.count - 1].append(.anyCharacter)
            } else if byte == UInt8(ascii: "\\"), index < bytes.count, Self.isWildcard(bytes[index]) {
                pieces[pieces.count - 1].append(.byte(bytes[index]))
                index += 1
            } else {
                pieces[pieces.count - 1].append(.byte(byte))
            }
        }
        self.init(pieces)
    }

    /// A pattern of the pieces between what stands for any characters.
    convenience init(pieces: [[UInt8]]) { self.init(pieces.map { $0.map { .byte($0) } }) }

    private init(_ pieces: [[LikePiece.Element]]) {
        head = LikePiece(pieces[0], isSearched: false)
        tail = pieces.count > 1 ? LikePiece(pieces[pieces.count - 1], isSearched: false) : nil
        middle = pieces.dropFirst().dropLast().filter { !$0.isEmpty }.map { LikePiece($0, isSearched: true) }
    }

    private static func isWildcard(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "%") || byte == UInt8(ascii: "_") }

    /// The text that the pattern is, where it has no wildcard.
    var onlyText: [UInt8]? { tail == nil ? head.literal : nil }

    /// What is in front of the only `%` and behind it, where there is no other wildcard.
    var onlyAffixes: ([UInt8], [UInt8])? {
        guard middle.isEmpty, let prefix = head.literal, let suffix = tail?.literal else { return nil }
        return (prefix, suffix)
    }

    /// Whether the pattern matches the whole of a text, which is UTF-8.
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        guard var position = head.end(in: text, from: 0) else { return false }
        guard let tail else { return position == text.count }
        guard let tailStart = tail.start(atEndOf: text), tailStart >= position,
            tail.end(in: text, from: tailStart) == text.count
        else { return false }
        for piece in middle {
            guard let end = piece.endOfFirst(in: text, position..<tailStart) else { return false }
            position = end
        }
        return true
    }
}

/// A part of a pattern without `%`.
final class LikePiece: Sendable {
    enum Element: Sendable {
        case byte(UInt8)
        case anyCharacter
    }

    private let elements: [Element]
    /// The bytes, where there is no `_` among them.
    let literal: [UInt8]?
    /// How many characters the piece matches.
    private let characters: Int
    private let search: LikeSearch?

    /// The length up to which looking for the piece at every place is as good as anything.
    private static let shortLength = 16

    init(_ elements: [Element], isSearched: Bool) {
        self.elements = elements
        let bytes = elements.compactMap { element -> UInt8? in
            if case .byte(let byte) = element { byte } else { nil }
        }
        literal = bytes.count == elements.count ? bytes : nil
        characters = elements.count - bytes.count + bytes.count { !isContinuation($0) }
        search = isSearched && elements.count > Self.shortLength ? LikeSearch(elements) : nil
    }

    /// Where a match that begins at a place ends.
    func end(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        if let literal {
            guard text.count - start >= literal.count else { return nil }
            let end = start + literal.count
            let isThere = literal.withUnsafeBytes { areEqual(UnsafeRawBufferPointer(rebasing: text[start..<end]), $0) }
            return isThere ? end : nil
        }
        var position = start
        for element in elements {
            guard position < text.count else { return nil }
            switch element {
            case .byte(let byte):
                guard text[position] == byte else { return nil }
                position += 1
            case .anyCharacter:
                position = endOfCharacter(in: text, at: position, text.count)
            }
        }
        return position
    }

    /// Where the piece has to begin to end with the text.
    func start(atEndOf text: UnsafeRawBufferPointer) -> Int? {
        if let literal { return text.count >= literal.count ? text.count - literal.count : nil }
        var position = text.count
        for _ in 0..<characters {
            guard position > 0 else { return nil }
            position -= 1
            while position > 0, isContinuation(text[position]) { position -= 1 }
        }
        return position
    }

    /// The end of the first match in a part of a text.
    func endOfFirst(in text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        if let search { return search.endOfFirst(in: text, range) }
        let part = UnsafeRawBufferPointer(rebasing: text[..<range.upperBound])
        var start = range.lowerBound
        while start < range.upperBound {
            if let end = end(in: part, from: start) { return end }
            start = endOfCharacter(in: part, at: start, part.count)
        }
        return nil
    }
}

/// Looks for a long piece in one pass: a bit for each of its elements says whether what was read ends with the piece up
/// to there.
final class LikeSearch: Sendable {
    /// For each byte, the bits of the elements that it continues.
    private let masks: [UInt64]
    /// The bits of the `_`, which take the further bytes of a character too.
    private let wildcards: [UInt64]
    private let words: Int
    private let lastBit: UInt64

    init(_ elements: [LikePiece.Element]) {
        let words = (elements.count + 63) / 64
        var masks = [UInt64](repeating: 0, count: 256 * words)
        var wildcards = [UInt64](repeating: 0, count: words)
        for (index, element) in elements.enumerated() {
            let (word, bit) = (index / 64, UInt64(1) << UInt64(index % 64))
            switch element {
            case .byte(let byte): masks[Int(byte) * words + word] |= bit
            case .anyCharacter:
                wildcards[word] |= bit
                for byte in UInt8.min...UInt8.max where !isContinuation(byte) { masks[Int(byte) * words + word] |= bit }
            }
        }
        self.masks = masks
        self.wildcards = wildcards
        self.words = words
        lastBit = 1 << UInt64((elements.count - 1) % 64)
    }

    func endOfFirst(in text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        var state = [UInt64](repeating: 0, count: words)
        for position in range {
            let byte = text[position]
            let isWithin = isContinuation(byte)
            // A match may begin at every byte.
            var carry: UInt64 = 1
            for word in 0..<words {
                let old = state[word]
                var new = (old << 1 | carry) & masks[Int(byte) * words + word]
                if isWithin { new |= old & wildcards[word] }
                carry = old >> 63
                state[word] = new
            }
            if state[words - 1] & lastBit != 0 {
                return endOfCharacter(in: text, at: position, range.upperBound)
            }
        }
        return nil
    }
}

/// Whether a byte of UTF-8 is not the first of a character.
private func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

private func endOfCharacter(in text: UnsafeRawBufferPointer, at start: Int, _ limit: Int) -> Int {
    var end = start + 1
    while end < limit, isContinuation(text[end]) { end += 1 }
    return end
}
