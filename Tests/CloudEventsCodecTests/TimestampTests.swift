// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct TimestampTests {
    @Test(
        "A text is given back as it was (T7)",
        arguments: [
            "2018-04-05T17:31:00Z", "2018-04-05t17:31:00z", "2018-04-05T17:31:00.0Z", "2018-04-05T17:31:00.120+02:00",
            "2018-04-05T17:31:00+00:00", "2018-04-05T17:31:00-00:00", "2018-04-05T17:31:00.123456789012345678901-23:59",
            "1990-12-31T23:59:60Z", "1990-12-31T15:59:60.5-08:00", "0000-01-01T00:00:00+23:59", "0000-02-29T00:00:00Z",
            "9999-12-31T23:59:59.999999999-23:59", "1969-12-31T23:59:59.5Z", "2000-02-29T00:00:00.1234567890z",
        ]
    )
    func lossless(text: String) throws {
        #expect(try Timestamp(text).description == text)
        #expect(try AttributeValue(canonical: text, as: .timestamp).canonicalString == text)
    }

    @Test(
        "What is no RFC 3339 text is refused (T7)",
        arguments: [
            "", "2018-04-05", "2018-04-05T17:31:00", "2018-04-05 17:31:00Z", "2018-04-05T17:31Z",
            "2018-04-05T17:31:00.Z",
            "2018-04-05T17:31:00,5Z", "2018-04-05T24:00:00Z", "2018-04-05T17:31:61Z", "2018-04-05T17:31:60Z",
            "2018-04-05T23:59:60Z", "2018-06-30T23:59:60+01:00", "2018-00-05T17:31:00Z", "2018-13-05T17:31:00Z",
            "2019-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2018-04-05T17:31:00+0200", "2018-04-05T17:31:00+02",
            "2018-04-05T17:31:00+02:60", "2018-04-05T17:31:00Z ", "+018-04-05T17:31:00Z", "2018-04-05T17:31:00.5",
            "２018-04-05T17:31:00Z",
        ]
    )
    func refused(text: String) {
        expectError(.invalidValue, rule: "T7") { try Timestamp(text) }
    }

    @Test("Timestamps compare by their instant (T7)")
    func order() throws {
        let ascending = try [
            "0000-01-01T00:00:00Z", "1969-12-31T23:59:59.9Z", "1970-01-01T00:00:00Z", "2016-12-31T23:59:59.999Z",
            "2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00Z", "2017-01-01T00:00:00.123456789Z",
            "2017-01-01T00:00:00.1234567891Z", "2017-01-01T00:00:00.12345678911Z", "2017-01-01T00:00:00.123456790Z",
        ].map { try Timestamp($0) }
        for (index, earlier) in ascending.enumerated() {
            #expect(earlier == earlier)
            for later in ascending[(index + 1)...] {
                #expect(earlier < later && !(later < earlier) && earlier != later, "\(earlier) \(later)")
            }
        }
        let same = try Set(
            [
                "2017-01-01T00:00:00.5Z", "2017-01-01T02:00:00.50+02:00", "2016-12-31T23:00:00.500000000000-01:00",
                "2017-01-01T00:00:00.5-00:00",
            ].map { try Timestamp($0) }
        )
        #expect(same.count == 1)
    }

    @Test(
        "Numbers become text and back (T7)",
        arguments: [
            (0, 0, 0, "1970-01-01T00:00:00Z"), (-1, 500_000_000, 0, "1969-12-31T23:59:59.500Z"),
            (951_782_400, 1000, 90, "2000-02-29T01:30:00.000001+01:30"),
            (0, 1, -60, "1969-12-31T23:00:00.000000001-01:00"),
        ] as [(Int64, Int32, Int, String)]
    )
    func numbers(seconds: Int64, nanoseconds: Int32, offset: Int, text: String) throws {
        let made = try Timestamp(secondsSince1970: seconds, nanoseconds: nanoseconds, offsetMinutes: offset)
        #expect(made.description == text)
        let read = try Timestamp(text)
        #expect(read == made)
        #expect((read.secondsSince1970, read.nanoseconds, read.offsetMinutes) == (seconds, nanoseconds, offset))
    }

    @Test(
        "Numbers that RFC 3339 cannot write are refused (T7)",
        arguments: [
            (Int64.max, 0, 0), (Int64.min, 0, 0), (Int64.max, 0, 1), (253_402_300_800, 0, 0), (253_402_300_799, 0, 1),
            (-62_167_219_201, 0, 0), (-62_167_219_200, 0, -1), (0, -1, 0), (0, 1_000_000_000, 0), (0, 0, 1440),
            (0, 0, -1440),
        ] as [(Int64, Int32, Int)]
    )
    func numbersRefused(seconds: Int64, nanoseconds: Int32, offset: Int) {
        expectError(.invalidValue, rule: "T7") {
            try Timestamp(secondsSince1970: seconds, nanoseconds: nanoseconds, offsetMinutes: offset)
        }
    }

    @Test("Every day of the calendar is read and written (T7)")
    func everyDay() throws {
        for day in stride(from: Int64(-719_528), through: 2_932_896, by: 13) {
            let made = try Timestamp(secondsSince1970: day * 86_400 + 86_399)
            #expect(try Timestamp(made.description).secondsSince1970 == day * 86_400 + 86_399)
        }
    }

    @Test("The present instant is written and read, and does not go back (T7)")
    func now() throws {
        let (first, second) = (Timestamp.now(), Timestamp.now())
        #expect(first <= second)
        #expect(first > (try Timestamp("2025-01-01T00:00:00Z")))
        #expect(try Timestamp(first.description) == first)
        #expect(first.offsetMinutes == 0 && first.nanoseconds % 1000 == 0)
    }
}
