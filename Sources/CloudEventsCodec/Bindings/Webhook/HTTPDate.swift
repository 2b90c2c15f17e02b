// SPDX-License-Identifier: Apache-2.0

/// The dates of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT`, and the two old forms that receivers still have to read,
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
enum HTTPDate {
    static func parse(_ text: String) -> Timestamp? {
        guard text.utf8.count <= 40 else { return nil }
        let parts = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        switch parts.count {
        case 6 where parts[0].utf8.count == 4 && parts[0].hasSuffix(",") && parts[5] == "GMT":
            guard isDay(parts[0].dropLast(), days), parts[1].utf8.count == 2 else { return nil }
            return timestamp(year: number(parts[3], digits: 4), month: parts[2], day: parts[1], time: parts[4])
        case 4 where parts[0].hasSuffix(",") && parts[3] == "GMT":
            guard isDay(parts[0].dropLast(), longDays) else { return nil }
            let date = parts[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            guard date.count == 3, date[0].utf8.count == 2, let short = number(date[2], digits: 2) else { return nil }
            // RFC 9110 has a year that seems far ahead mean the past century; 1970 to 2069 are what can be meant here.
            return timestamp(
                year: short < 70 ? 2000 + short : 1900 + short,
                month: date[1],
                day: date[0],
                time: parts[2]
            )
        case 5 where isDay(parts[0][...], days):
            return timestamp(year: number(parts[4], digits: 4), month: parts[1], day: parts[2], time: parts[3])
        default:
            return nil
        }
    }

    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longDays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func isDay(_ text: Substring, _ names: [String]) -> Bool { names.contains { $0 == text } }

    private static func timestamp(year: Int?, month: String, day: String, time: String) -> Timestamp? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard let year, let month = months.firstIndex(of: month), clock.count == 3,
            let day = number(day, digits: day.utf8.count),
            (1...CivilTime.days(inMonth: month + 1, of: year)).contains(day),
            let hour = number(clock[0], digits: 2), let minute = number(clock[1], digits: 2),
            let second = number(clock[2], digits: 2), hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = CivilTime.days(year: year, month: month + 1, day: day)
        return try? Timestamp(secondsSince1970: Int64(days * 86_400 + hour * 3600 + minute * 60 + min(second, 59)))
    }

    private static func number(_ text: some StringProtocol, digits: Int) -> Int? {
        guard digits > 0, digits <= 4, text.utf8.count == digits, text.utf8.allSatisfy(URISyntax.isDigit) else {
            return nil
        }
        return Int(text)
    }
}
