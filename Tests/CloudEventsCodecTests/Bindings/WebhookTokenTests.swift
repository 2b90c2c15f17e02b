// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct WebhookTokenTests {
    private func token(_ headers: [(String, String)], _ target: String = "/x") throws -> WebhookToken? {
        try WebhookToken(headers: headers.map { MessageHeader($0.0, $0.1) }, target: target)
    }

    @Test(
        "A token is in the header Authorization or in the query (B3)",
        arguments: [
            ([("authorization", "Bearer s3.cr-et==")], "/x"), ([("Authorization", "bearer  s3.cr-et== ")], "/x?a=b"),
            ([], "/x?access_token=s3.cr-et=="), ([], "https://h/x?a=b&access_token=s3.cr%2Det%3d%3D&c#access_token=2"),
            ([], "?access%5Ftoken=s3.cr-et=="),
        ]
    )
    func places(headers: [(String, String)], target: String) throws {
        let found = try #require(try token(headers, target))
        #expect(try WebhookToken("s3.cr-et==").matches(found))
        #expect(try !WebhookToken("s3.cr-et=").matches(found))
    }

    @Test(
        "Without a token there is none (B3)",
        arguments: [
            ([], "/x"), ([("Authorization", "Basic abc")], "/x?a"), ([], "/x#?access_token=1"), ([], "/access_token=1"),
            ([("Authorization", "Bearers abc")], "/?Access_Token=1"), ([], "/?xaccess_token=1&"),
        ]
    )
    func none(headers: [(String, String)], target: String) throws {
        #expect(try token(headers, target) == nil)
    }

    @Test("Several tokens, or a wrong one, are refused (B3)")
    func refusals() {
        let header = ("Authorization", "Bearer a")
        expectError(.duplicate, rule: "B3") { try token([header], "/?access_token=a") }
        expectError(.duplicate, rule: "B3") { try token([header, header]) }
        expectError(.duplicate, rule: "B3") { try token([], "/?access_token=a&access_token=a") }
        expectError(.duplicate, rule: "B3") { try token([("Authorization", "Basic a")], "/?access_token=a") }
        expectError(.invalidValue, rule: "B3") { try token([("Authorization", "Bearer ")]) }
        expectError(.invalidValue, rule: "B3") { try token([("Authorization", "Bearer")]) }
        expectError(.invalidValue, rule: "B3") { try token([("Authorization", "Bearer a b")]) }
        for value in ["", "=", "=%", "=%zz", "=%FF", "=a%20b", "=é", "=%0A"] {
            expectError(.invalidValue, rule: "B3") { try token([], "/?access_token" + value) }
        }
    }

    @Test("Secrets are equal when all bytes are (B3)")
    func comparison() {
        let cases: [([UInt8], [UInt8], Bool)] = [
            ([], [], true), ([1], [], false), ([], [1], false), ([1, 2], [1, 2], true), ([1, 2], [1, 3], false),
            ([1, 2], [1], false), ([1], [1, 1], false), ([1, 1], [1], false), ([0], [0, 0], false),
        ]
        for (left, right, isEqual) in cases { #expect(WebhookToken.areEqual(left, right) == isEqual) }
    }

    @Test("A sender's header and query parameter are read again, and no description shows the token (B3)")
    func writing() throws {
        let secret = "a+/b%&=#?\"~é".filter(\.isASCII)
        let token = try WebhookToken(secret)
        #expect(try #require(try WebhookToken(headers: [token.header], target: "/")).matches(token))
        let target = "/x?p=q&" + token.queryParameter
        #expect(try #require(try WebhookToken(headers: [], target: target)).matches(token))
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!"\(token) \(String(reflecting: token)) \(dumped) \(token.header)".contains("a+/b"))
    }
}
