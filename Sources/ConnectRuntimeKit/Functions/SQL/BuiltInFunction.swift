// SPDX-License-Identifier: Apache-2.0

/// A function of the specification (L15). A character is a Unicode scalar value, as in the text of CloudEvents.
enum BuiltInFunction: Sendable {
    case abs, length, concat, concatWithSeparator, lower, upper, trim, left, right, substring

    typealias Value = CloudEventsSQL.Value

    static let all: [CloudEventsSQL.Function] = [
        .init(name: "ABS", [.integer], nil, .integer, .builtIn(.abs)),
        .init(name: "LENGTH", [.string], nil, .integer, .builtIn(.length)),
        .init(name: "CONCAT", [], .string, .string, .builtIn(.concat)),
        .init(name: "CONCAT_WS", [.string], .string, .string, .builtIn(.concatWithSeparator)),
        .init(name: "LOWER", [.string], nil, .string, .builtIn(.lower)),
        .init(name: "UPPER", [.string], nil, .string, .builtIn(.upper)),
        .init(name: "TRIM", [.string], nil, .string, .builtIn(.trim)),
        .init(name: "LEFT", [.string, .integer], nil, .string, .builtIn(.left)),
        .init(name: "RIGHT", [.string, .integer], nil, .string, .builtIn(.right)),
        .init(name: "SUBSTRING", [.string, .integer], nil, .string, .builtIn(.substring)),
        .init(name: "SUBSTRING", [.string, .integer, .integer], nil, .string, .builtIn(.substring)),
        .init(name: "INT", [.integer], nil, .integer, .cast(.integer)),
        .init(name: "BOOL", [.boolean], nil, .boolean, .cast(.boolean)),
        .init(name: "STRING", [.string], nil, .string, .cast(.string)),
        .init(name: "IS_INT", [.string], nil, .boolean, .isCastable(.integer)),
        .init(name: "IS_BOOL", [.string], nil, .boolean, .isCastable(.boolean)),
    ]

    enum Outcome {
        case value(Value)
        case failure(Value, String)
        /// ABS of the least Integer.
        case mathFailure(Value, String)
        case textTooLong
    }

    /// Calls the function with arguments of its types.
    func call(_ arguments: [Value], textLimit: Int) -> Outcome {
        switch self {
        case .abs: Self.abs(arguments[0].number)
        case .length: .value(.integer(Int32(clamping: arguments[0].text.unicodeScalars.count)))
        case .concat: Self.join(arguments[...], "", textLimit)
        case .concatWithSeparator: Self.join(arguments[1...], arguments[0].text, textLimit)
        case .lower: Self.limited(arguments[0].text, textLimit) { $0.lowercased() }
        case .upper: Self.limited(arguments[0].text, textLimit) { $0.uppercased() }
        case .trim: .value(.string(Self.trim(arguments[0].text)))
        case .left: Self.end(of: arguments[0], arguments[1].number) { $0.prefix($1) }
        case .right: Self.end(of: arguments[0], arguments[1].number) { $0.suffix($1) }
        case .substring:
            Self.substring(arguments[0].text, arguments[1].number, arguments.count > 2 ? arguments[2].number : .max)
        }
    }

    private static func abs(_ number: Int32) -> Outcome {
        guard number != .min else {
            return .mathFailure(.integer(.max), "the absolute value of -2147483648 is no Integer")
        }
        return .value(.integer(Swift.abs(number)))
    }

    private static func join(_ parts: ArraySlice<Value>, _ separator: String, _ limit: Int) -> Outcome {
        var length = 0
        for part in parts {
            length += part.text.utf8.count + separator.utf8.count
            guard length - separator.utf8.count <= limit else { return .textTooLong }
        }
        var text = ""
        text.reserveCapacity(length)
        for (index, part) in parts.enumerated() {
            if index > 0 { text += separator }
            text += part.text
        }
        return .value(.string(text))
    }

    private static func limited(_ text: String, _ limit: Int, _ change: (String) -> String) -> Outcome {
        // No character has more than three others as its capital or small letters.
        if text.utf8.count > limit { return .textTooLong }
        let changed = change(text)
        return changed.utf8.count > limit ? .textTooLong : .value(.string(changed))
    }

    private static func trim(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
        while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
        return String(scalars)
    }

    private static func end(
        of value: Value,
        _ count: Int32,
        _ part: (String.UnicodeScalarView, Int) -> Substring.UnicodeScalarView
    ) -> Outcome {
        guard count >= 0 else { return .failure(value, "the number of characters is negative") }
        return .value(.string(String(part(value.text.unicodeScalars, Int(count)))))
    }

    private static func substring(_ text: String, _ position: Int32, _ length: Int32) -> Outcome {
        guard length >= 0 else { return .failure(.string(""), "the number of characters is negative") }
        guard position != 0 else { return .value(.string("")) }
        let scalars = text.unicodeScalars
        let distance = position > 0 ? Int(position) - 1 : Int(position)
        let start =
            position > 0
            ? scalars.index(scalars.startIndex, offsetBy: distance, limitedBy: scalars.endIndex)
            : scalars.index(scalars.endIndex, offsetBy: distance, limitedBy: scalars.startIndex)
        // A position just behind the last character is outside too.
        guard let start, start < scalars.endIndex else {
            return .failure(.string(""), "the position is outside of the text")
        }
        return .value(.string(String(scalars[start...].prefix(Int(length)))))
    }
}

extension CloudEventsSQL.Value {
    /// The text of a String.
    fileprivate var text: String {
        if case .string(let text) = self { text } else { description }
    }

    /// The number of an Integer.
    fileprivate var number: Int32 {
        if case .integer(let number) = self { number } else { 0 }
    }
}
