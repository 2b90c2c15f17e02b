// SPDX-License-Identifier: Apache-2.0

/// Dates of the proleptic Gregorian calendar.
enum CivilTime {
    /// The seconds since 1970 of local times that have a year of four digits.
    static let writableSeconds: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    static func isLeap(year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year: year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to a date of the years from 0.
    ///
    /// The year is taken to begin in March, so that the leap day is its last day and the months' lengths repeat every
    /// five months (153 days).
    static func days(year: Int, month: Int, day: Int) -> Int {
        let isEarly = month <= 2
        let shifted = isEarly ? month &+ 9 : month &- 3
        // 400 years more, which are taken away with the days, so that nothing is negative.
        let marchYear = UInt(bitPattern: (isEarly ? year &- 1 : year) &+ 400)
        let leapDays = marchYear / 4 &- marchYear / 100 &+ marchYear / 400
        let dayOfYear = (153 &* shifted &+ 2) / 5 &+ day &- 1
        return Int(bitPattern: marchYear &* 365 &+ leapDays) &+ dayOfYear &- (719_468 &+ 146_097)
    }

    /// The date that is so many days after 1970-01-01.
    static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        // 400 years have 146 097 days; inside them the estimate by the mean length is at most one year too high.
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        var yearOfEra = min(399, dayOfEra / 365)
        while yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 > dayOfEra { yearOfEra -= 1 }
        let dayOfYear = dayOfEra - (yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }
}
