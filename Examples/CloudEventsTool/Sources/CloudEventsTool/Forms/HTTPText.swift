// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// HTTP/1.1 messages as text: a start line, which may be missing, headers, an empty line, and a body.
///
/// Lines end with a line feed, with or without a carriage return. A body is as long as `Content-Length` says, and further
/// messages may follow; without that header it is all the rest.
struct HTTPText {
    /// The headers in their order, without white space around the values.
    private(set) var headers: [MessageHeader] = []
    /// Where the body is in the input.
    private(set) var body = 0..<0

    /// Reads the messages of an input, and why the one behind them cannot be read: where it ends is not known then.
    static func messages(in bytes: SharedBytes) -> ([HTTPText], CloudEventError?) {
        var messages: [HTTPText] = []
        var position = skipNewlines(bytes, from: 0)
        while position < bytes.count {
            do throws(CloudEventError) {
                let message = try HTTPText(bytes, from: position)
                messages.append(message)
                position = skipNewlines(bytes, from: message.body.upperBound)
            } catch {
                return (messages, error)
            }
        }
        return (messages, nil)
    }

    /// Writes one message.
    static func write(headers: [MessageHeader], body: SharedBytes) -> SharedBytes {
        var text = ""
        for header in headers { text += "\(header.name): \(header.value)\r\n" }
        text += "content-length: \(body.count)\r\n\r\n"
        return SharedBytes(Array(text.utf8) + body)
    }

    /// Whether an input begins as a message does: with a start line or a header.
    static func isLikely(_ bytes: SharedBytes) -> Bool {
        let start = skipNewlines(bytes, from: 0)
        let end = lineEnd(bytes, from: start)
        guard end < bytes.count, let line = String(validatingUTF8: bytes.slice(start..<end)) else { return false }
        return isStartLine(line) || header(line) != nil
    }

    private init(_ bytes: SharedBytes, from start: Int) throws(CloudEventError) {
        var position = start
        while position < bytes.count {
            let end = Self.lineEnd(bytes, from: position)
            let line = try Self.line(bytes, position..<end)
            if line.isEmpty { break }
            if let header = Self.header(line) {
                headers.append(header)
            } else if position != start || !Self.isStartLine(line) {
                throw Self.malformed("the line is no header; write name: value", at: position)
            }
            position = end + 1
        }
        guard position < bytes.count else {
            throw Self.malformed("the headers are not ended; write an empty line behind them", at: bytes.count)
        }
        let bodyStart = Self.lineEnd(bytes, from: position) + 1
        guard let length = try contentLength(at: start) else {
            body = min(bodyStart, bytes.count)..<bytes.count
            return
        }
        guard length <= bytes.count - bodyStart else {
            throw Self.malformed("the body is shorter than Content-Length says", at: bytes.count)
        }
        body = bodyStart..<(bodyStart + length)
    }

    /// The length that the headers tell, which has to be one.
    private func contentLength(at start: Int) throws(CloudEventError) -> Int? {
        var length: Int?
        for header in headers {
            switch header.name.lowercased() {
            case "transfer-encoding" where header.value.lowercased() != "identity":
                throw Self.malformed(
                    "the body has a transfer encoding; give it as it is, with Content-Length or to the end",
                    at: start
                )
            case "content-length":
                let digits = header.value.utf8.allSatisfy { (0x30...0x39).contains($0) }
                guard digits, let value = Int(header.value), length == nil || length == value else {
                    throw Self.malformed("Content-Length is not one number", at: start)
                }
                length = value
            default: break
            }
        }
        return length
    }
}

extension HTTPText {
    private static func line(_ bytes: SharedBytes, _ range: Range<Int>) throws(CloudEventError) -> String {
        let end = range.upperBound > range.lowerBound && bytes[range.upperBound - 1] == 0x0D ? 1 : 0
        guard let line = String(validatingUTF8: bytes.slice(range.lowerBound..<(range.upperBound - end))) else {
            throw malformed("the line is not valid UTF-8", at: range.lowerBound)
        }
        return line
    }

    private static func header(_ line: String) -> MessageHeader? {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy({ isToken($0) }) else { return nil }
        let value = parts[1].drop { $0 == " " || $0 == "\t" }
        let end = value.lastIndex { $0 != " " && $0 != "\t" && $0 != "\r" }
        return MessageHeader(String(parts[0]), end.map { String(value[...$0]) } ?? "")
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// `POST /path HTTP/1.1` or `HTTP/1.1 200 OK`
    private static func isStartLine(_ line: String) -> Bool {
        line.hasPrefix("HTTP/") || line.split(separator: " ").last?.hasPrefix("HTTP/") == true
    }

    private static func skipNewlines(_ bytes: SharedBytes, from start: Int) -> Int {
        bytes[start...].firstIndex { $0 != 0x0A && $0 != 0x0D } ?? bytes.count
    }

    private static func lineEnd(_ bytes: SharedBytes, from start: Int) -> Int {
        bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
    }

    private static func malformed(_ message: String, at offset: Int) -> CloudEventError {
        CloudEventError(.malformed, message, offset: offset)
    }
}
