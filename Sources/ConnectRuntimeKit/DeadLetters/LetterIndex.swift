// SPDX-License-Identifier: Apache-2.0

/// Where the letters of a file are: all that is kept of them in memory.
struct LetterIndex: Sendable {
    /// Where a letter's line is.
    struct Place: Sendable, Hashable {
        let number: UInt64
        var offset: Int64
        /// In bytes, with the line's end; 0 where the letter was removed.
        var length: Int
    }

    /// In the order of their numbers, removed ones among them.
    private var places: [Place] = []
    private var removedCount = 0
    /// The sum of the lines' lengths.
    private(set) var liveBytes: Int64 = 0
    /// The highest number ever given.
    private(set) var lastNumber: UInt64 = 0

    /// How many letters there are.
    var count: Int { places.count - removedCount }
    /// The highest number of a letter that is there.
    var lastLiveNumber: UInt64? { places.last { $0.length > 0 }?.number }

    /// Enters a new letter, or another place of a letter.
    mutating func put(_ place: Place) {
        noteNumber(place.number)
        liveBytes += Int64(place.length)
        if places.last.map({ $0.number < place.number }) ?? true {
            places.append(place)
            return
        }
        let index = places.partitioningIndex { $0.number >= place.number }
        if index < places.count, places[index].number == place.number {
            if places[index].length == 0 { removedCount -= 1 }
            liveBytes -= Int64(places[index].length)
            places[index] = place
        } else {
            places.insert(place, at: index)
        }
    }

    /// Numbers up to this one are not given again.
    mutating func noteNumber(_ number: UInt64) { lastNumber = max(lastNumber, number) }

    /// Whether a letter is there.
    func contains(_ number: UInt64) -> Bool {
        let index = places.partitioningIndex { $0.number >= number }
        return index < places.count && places[index].number == number && places[index].length > 0
    }

    /// Removes the letters with numbers in a range.
    mutating func remove(_ range: ClosedRange<UInt64>) {
        var index = places.partitioningIndex { $0.number >= range.lowerBound }
        while index < places.count, places[index].number <= range.upperBound {
            if places[index].length > 0 {
                liveBytes -= Int64(places[index].length)
                places[index].length = 0
                removedCount += 1
            }
            index += 1
        }
        if removedCount > places.count / 2 {
            places.removeAll { $0.length == 0 }
            removedCount = 0
        }
    }

    /// The first letters behind a number: at most so many, and at least one of them, but no more than so many bytes.
    func page(after number: UInt64?, atMost count: Int, bytes: Int = .max) -> [Place] {
        var page: [Place] = []
        var total = 0
        var index = number.map { number in places.partitioningIndex { $0.number > number } } ?? 0
        while index < places.count, page.count < count {
            let place = places[index]
            index += 1
            if place.length == 0 { continue }
            total += place.length
            if total > bytes, !page.isEmpty { break }
            page.append(place)
        }
        return page
    }
}

extension [UInt64] {
    /// Numbers in ascending order as ranges.
    var ranges: [ClosedRange<UInt64>] {
        var ranges: [ClosedRange<UInt64>] = []
        for number in self {
            if let last = ranges.last, number <= last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...Swift.max(number, last.upperBound)
            } else {
                ranges.append(number...number)
            }
        }
        return ranges
    }
}
