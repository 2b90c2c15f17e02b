// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// The conditions for one field.
extension PatternParser {
    /// Of the elements of an array, one has to match.
    mutating func test(
        of elements: [StructuredValue],
        _ path: MemberPath,
        isAttribute: Bool
    ) throws(Refusal) -> Program.Test {
        guard !elements.isEmpty else {
            throw Refusal(path: path, reason: "an empty array matches nothing; write a value or a condition in it")
        }
        var conditions: [Program.Condition] = []
        var test = Program.Test(subject: .members(0), whenPresent: false, whenMissing: false)
        for (index, element) in elements.enumerated() {
            let path = path.element(index)
            if case .object(let object) = element {
                let (name, value) = try onlyMember(of: object, path)
                if name == "exists" {
                    guard case .boolean(let isThere) = value else {
                        throw Refusal(path: path.member("exists"), reason: "exists is true or false")
                    }
                    if isThere { test.whenPresent = true } else { test.whenMissing = true }
                } else {
                    conditions.append(try condition(name, value, path.member(name), isAttribute: isAttribute))
                }
            } else {
                conditions.append(try scalar(element, path, isAttribute: isAttribute))
            }
        }
        test.subject = .value(tables.conditions.add(conditions))
        return test
    }

    private static let names = [
        "prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case", "wildcard",
    ]

    private func onlyMember(
        of object: StructuredObject,
        _ path: MemberPath
    ) throws(Refusal) -> (String, StructuredValue) {
        guard let member = object.members.first, object.members.count == 1 else {
            throw Refusal(
                path: path,
                reason: "a condition is an object with one member, one of \(Self.names.joined(separator: ", ")); of "
                    + "several objects in the array one has to match"
            )
        }
        guard Self.names.contains(member.name) else {
            throw Refusal(
                path: path.member(member.name),
                reason: "there is no such condition; there are \(Self.names.joined(separator: ", "))"
            )
        }
        return (member.name, member.value)
    }

    // MARK: Values

    private mutating func scalar(
        _ value: StructuredValue,
        _ path: MemberPath,
        isAttribute: Bool
    ) throws(Refusal) -> Program.Condition {
        switch value {
        case .null:
            guard !isAttribute else {
                throw Refusal(path: path, reason: "an attribute is never null; write {\"exists\": false}")
            }
            return .null
        case .boolean(let value): return .boolean(value)
        case .string(let text): return .text(tables.bytes.add(text.utf8))
        case .integer, .double, .decimal: return .number(try number(value, path))
        case .bytes, .timestamp, .array, .object:
            throw Refusal(path: path, reason: "a value is a string, a number, true, false or null")
        }
    }

    private mutating func number(_ value: StructuredValue, _ path: MemberPath) throws(Refusal) -> Int32 {
        var text =
            switch value {
            case .integer(let number): String(number)
            case .double(let number): number.description
            case .decimal(let digits): digits
            default: ""
            }
        let number = text.withUTF8 { buffer -> Program.Number? in
            let bytes = UnsafeRawBufferPointer(buffer)
            guard JSONReader.isNumber(bytes) else { return nil }
            let number = ExactNumber(bytes)
            // An exponent in the data is cut off somewhere beyond that, and what is equal there is not.
            guard abs(number.exponent) < ExactNumber.largestExponent / 2 else { return nil }
            return Program.Number(
                sign: number.sign,
                exponent: number.exponent,
                digits: tables.bytes.add(number.digits)
            )
        }
        guard let number else {
            throw Refusal(path: path, reason: "expected a number of JSON, not infinite and without a giant exponent")
        }
        tables.numbers.append(number)
        return Int32(tables.numbers.count - 1)
    }

    // MARK: Conditions

    private mutating func condition(
        _ name: String,
        _ value: StructuredValue,
        _ path: MemberPath,
        isAttribute: Bool
    ) throws(Refusal) -> Program.Condition {
        switch name {
        case "anything-but": return try anythingBut(value, path, isAttribute: isAttribute)
        case "numeric": return .numeric(tables.comparisons.add(try comparisons(value, path)))
        default:
            guard case .string(let text) = value else {
                throw Refusal(path: path, reason: "\(name) needs a string")
            }
            return try textCondition(name, text, path)
        }
    }

    private mutating func textCondition(
        _ name: String,
        _ text: String,
        _ path: MemberPath
    ) throws(Refusal) -> Program.Condition {
        switch name {
        case "prefix": return .prefix(tables.bytes.add(text.utf8))
        case "suffix": return .suffix(tables.bytes.add(text.utf8))
        case "equals-ignore-case": return .ignoringCase(tables.bytes.add(text.lowercased().utf8))
        default: return try wildcard(text, path)
        }
    }

    private mutating func wildcard(_ text: String, _ path: MemberPath) throws(Refusal) -> Program.Condition {
        var pieces: [[UInt8]] = [[]]
        var (isEscaped, isBehindStar) = (false, false)
        for byte in text.utf8 {
            let isStar = byte == UInt8(ascii: "*") && !isEscaped
            if isEscaped, byte != UInt8(ascii: "*"), byte != UInt8(ascii: "\\") {
                throw Refusal(path: path, reason: "a backslash stands in front of * or of a backslash only")
            }
            if isStar, isBehindStar { throw Refusal(path: path, reason: "two * in a row are the same as one") }
            isBehindStar = isStar
            if isStar {
                pieces.append([])
            } else if byte == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
                continue
            } else {
                pieces[pieces.count - 1].append(byte)
            }
            isEscaped = false
        }
        guard !isEscaped else { throw Refusal(path: path, reason: "the backslash at the end escapes nothing") }
        if pieces.count == 1 { return .text(tables.bytes.add(pieces[0])) }
        if pieces.count == 2 { return .affixes(tables.bytes.add(pieces[0]), tables.bytes.add(pieces[1])) }
        tables.wildcards.append(LikePattern(pieces: pieces))
        return .wildcard(Int32(tables.wildcards.count - 1))
    }

    private mutating func anythingBut(
        _ value: StructuredValue,
        _ path: MemberPath,
        isAttribute: Bool
    ) throws(Refusal) -> Program.Condition {
        var conditions: [Program.Condition] = []
        switch value {
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                conditions.append(try scalar(element, path.element(index), isAttribute: isAttribute))
            }
        case .object(let object):
            for member in object.members {
                conditions += try exclusions(member, path.member(member.name))
            }
        default:
            conditions.append(try scalar(value, path, isAttribute: isAttribute))
        }
        guard !conditions.isEmpty else {
            throw Refusal(path: path, reason: "anything-but needs a value, an array of them, or a condition")
        }
        return .anythingBut(tables.conditions.add(conditions))
    }

    /// What `anything-but` excludes by a condition: one text, or several in an array.
    private mutating func exclusions(
        _ member: StructuredObject.Member,
        _ path: MemberPath
    ) throws(Refusal) -> [Program.Condition] {
        let known = ["prefix", "suffix", "equals-ignore-case", "wildcard"]
        guard known.contains(member.name) else {
            throw Refusal(path: path, reason: "anything-but knows the conditions \(known.joined(separator: ", "))")
        }
        var texts = [member.value]
        if case .array(let elements) = member.value { texts = elements }
        var conditions: [Program.Condition] = []
        for text in texts {
            guard case .string(let text) = text else {
                throw Refusal(path: path, reason: "\(member.name) needs a string")
            }
            conditions.append(try textCondition(member.name, text, path))
        }
        return conditions
    }

    // MARK: Numbers

    private static let symbols: [(String, Program.Comparison.Symbol)] = [
        ("=", .equal), ("!=", .notEqual), ("<", .less), ("<=", .lessOrEqual), (">", .greater), (">=", .greaterOrEqual),
    ]

    private mutating func comparisons(
        _ value: StructuredValue,
        _ path: MemberPath
    ) throws(Refusal) -> [Program.Comparison] {
        guard case .array(let elements) = value, !elements.isEmpty, elements.count % 2 == 0 else {
            throw Refusal(path: path, reason: "numeric needs pairs of an operator and a number: [\">\", 0, \"<=\", 5]")
        }
        var comparisons: [Program.Comparison] = []
        for index in stride(from: 0, to: elements.count, by: 2) {
            guard case .string(let text) = elements[index],
                let symbol = Self.symbols.first(where: { $0.0 == text })?.1
            else {
                let known = Self.symbols.map { $0.0 }.joined(separator: ", ")
                throw Refusal(path: path.element(index), reason: "expected an operator, one of \(known)")
            }
            let number = try number(elements[index + 1], path.element(index + 1))
            comparisons.append(Program.Comparison(symbol: symbol, number: number))
        }
        return comparisons
    }
}
