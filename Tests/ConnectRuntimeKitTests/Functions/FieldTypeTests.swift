// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

@Suite("Fields: types and times")
struct FieldTypeTests {
    @Test(
        "A value in another type",
        arguments: [
            ("\"12\"", FieldType.integer, "12"), ("-1.9", .integer, "-1"), ("1e3", .integer, "1000"),
            ("true", .integer, "1"), ("null", .integer, "null"), ("12345678901234567890", .integer, nil),
            ("\"1.5\"", .integer, nil), ("[]", .integer, nil), ("1e400", .integer, nil), ("\" 1\"", .integer, nil),
            ("9007199254740993.0", .integer, "9007199254740993"),
            ("922337203685477580.79e1", .integer, "9223372036854775807"),
            ("-9.223372036854775808e18", .integer, "-9223372036854775808"), ("9.223372036854775808e18", .integer, nil),
            ("1.5e-400", .integer, "0"), ("-0.00", .integer, "0"), ("120e-1", .integer, "12"), ("1e19", .integer, nil),
            ("\"0x1p3\"", .double, nil), ("\"inf\"", .double, nil),
            ("7", .double, "7.0"), ("\"1.50\"", .double, "1.5"), ("false", .double, "0.0"), ("1.10", .double, "1.1"),
            ("1e400", .double, nil), ("\"NaN\"", .double, nil), ("\"\"", .double, nil),
            ("\"1.50\"", .decimal, "1.50"), ("\"1e400\"", .decimal, "1e400"), ("1.10", .decimal, "1.10"),
            ("\"01\"", .decimal, nil), ("\"true\"", .decimal, nil), ("true", .decimal, "1"),
            ("\"TRUE\"", .boolean, "true"), ("0", .boolean, "false"), ("0.00", .boolean, "false"),
            ("0e9", .boolean, "false"),
            ("1e-400", .boolean, "true"), ("-0", .boolean, "false"), ("-2", .boolean, "true"),
            ("\"yes\"", .boolean, nil),
            ("1.10", .string, "\"1.10\""), ("1e400", .string, "\"1e400\""), ("true", .string, "\"true\""),
            (#"{"a":[1.0]}"#, .string, #""{\"a\":[1.0]}""#), ("\"x\"", .string, "\"x\""),
            (#""{\"a\":1.10}""#, .json, #"{"a":1.10}"#), ("\"12\"", .json, "12"), ("5", .json, "5"),
            ("\"{\"", .json, nil),
        ] as [(String, FieldType, String?)]
    )
    func cast(before: String, type: FieldType, after: String?) async throws {
        let function = try FieldsFunction(.cast("data.v", to: type))
        let record = try jsonRecord("{\"v\":\(before)}")
        if let after {
            #expect(try await function.text(record) == "{\"v\":\(after)}")
        } else {
            await expectFailure(.invalidRecord) { try function.apply(record) }
        }
    }

    @Test(
        "A time in another format",
        arguments: [
            ("1767323045", "unix", "rfc3339", "\"2026-01-02T03:04:05Z\""),
            ("1767323045123", "unix-milliseconds", "rfc3339", "\"2026-01-02T03:04:05.123Z\""),
            ("1767323045123456", "unix-microseconds", "unix-milliseconds", "1767323045123"),
            ("1767323045123456789", "unix-nanoseconds", "rfc3339", "\"2026-01-02T03:04:05.123456789Z\""),
            ("-1", "unix-nanoseconds", "rfc3339", "\"1969-12-31T23:59:59.999999999Z\""),
            ("-1500", "unix-milliseconds", "unix", "-2"),
            ("1767323045.25", "unix", "unix-milliseconds", "1767323045250"),
            ("0.9999999", "unix", "rfc3339", "\"1970-01-01T00:00:00.999999900Z\""),
            ("0.1234567895", "unix", "unix-nanoseconds", "123456789"), ("\"0x1p3\"", "unix", "rfc3339", nil),
            ("\"0000-01-01T00:00:00+01:00\"", "", "yyyy-MM-dd", nil),
            ("\"9999999999.1234567899\"", "unix", "rfc3339", "\"2286-11-20T17:46:39.123456789Z\""),
            ("-0.5", "unix", "unix-milliseconds", "-500"),
            ("\"-1.000000001\"", "unix", "unix-nanoseconds", "-1000000001"),
            ("1767323045.123456789", "unix", "rfc3339", "\"2026-01-02T03:04:05.123456789Z\""),
            ("\"1767323045123.4567899\"", "unix-milliseconds", "unix-nanoseconds", "1767323045123456789"),
            ("\"-0.5\"", "unix", "rfc3339", "\"1969-12-31T23:59:59.500Z\""),
            ("\"-253402300799.5\"", "unix", "rfc3339", nil), ("\"1.-5\"", "unix", "rfc3339", nil),
            ("\"1767323045\"", "unix", "rfc3339", "\"2026-01-02T03:04:05Z\""),
            ("\"2026-01-02T03:04:05.5+01:00\"", "", "unix-milliseconds", "1767319445500"),
            ("\"2026-01-02T03:04:05+01:00\"", "", "rfc3339", "\"2026-01-02T03:04:05+01:00\""),
            ("\"2026-01-02T03:04:05.123Z\"", "rfc3339", "yyyyMMdd'T'HHmmss.SSS", "\"20260102T030405.123\""),
            ("\"02.01.2026 03:04\"", "dd.MM.yyyy HH:mm", "rfc3339", "\"2026-01-02T03:04:00Z\""),
            ("\"2026-01-02 03:04:05.120\"", "yyyy-MM-dd HH:mm:ss.SSS", "unix-milliseconds", "1767323045120"),
            ("null", "unix", "rfc3339", "null"),
            ("\"2026-02-30\"", "yyyy-MM-dd", "rfc3339", nil), ("\"2026-01-02 \"", "yyyy-MM-dd", "rfc3339", nil),
            ("5", "yyyy-MM-dd", "rfc3339", nil), ("\"soon\"", "", "rfc3339", nil), ("5", "", "rfc3339", nil),
            ("1e300", "unix", "rfc3339", nil), ("9223372036854775807", "unix", "rfc3339", nil),
            ("{}", "unix", "unix", nil),
            ("\"9999-01-01T00:00:00Z\"", "", "unix-nanoseconds", nil), ("\"été\"", "yyyy-MM-dd", "rfc3339", nil),
        ] as [(String, String, String, String?)]
    )
    func time(before: String, source: String, target: String, after: String?) async throws {
        let function = try FieldsFunction(
            .convertTime("data.t", from: source.isEmpty ? nil : format(source), to: try format(target))
        )
        let record = try jsonRecord("{\"t\":\(before)}")
        if let after {
            #expect(try await function.text(record) == "{\"t\":\(after)}")
        } else {
            await expectFailure(.invalidRecord) { try function.apply(record) }
        }
    }

    private func format(_ name: String) throws -> TimeFormat {
        let known: [TimeFormat] = [.unixSeconds, .unixMilliseconds, .unixMicroseconds, .unixNanoseconds, .rfc3339]
        return try known.first { $0.description == name } ?? .pattern(name)
    }

    @Test(
        "A pattern of unknown letters is refused",
        arguments: ["", "yyyy-mm-ddd", "yyyyMMddXX", "'T", "--", "yy", "SSSSSSSSSS"]
    )
    func pattern(text: String) async {
        await expectFailure(.invalidConfiguration, "pattern") { try TimeFormat.pattern(text) }
    }

    @Test("Every whole time comes back through a pattern")
    func patternRoundTrip() async throws {
        let pattern = try TimeFormat.pattern("ss:mm:HH dd/MM/yyyy SSSSSSSSS")
        let function = try FieldsFunction(
            .convertTime("data", from: .unixNanoseconds, to: pattern),
            .convertTime("data", from: pattern, to: .unixNanoseconds)
        )
        for number: Int64 in [0, -1, 1, .max, .min + 854_775_808, 1_767_323_045_123_456_789, -62_135_596_800_000_000] {
            #expect(try await function.text(try jsonRecord("\(number)")) == "\(number)")
        }
    }
}
