// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A record's data or key while functions look at its fields: parsed once, and written once where it was changed.
struct EditedPayload {
    private let payload: RecordData
    private let name: String
    /// Whether the content type says that it is JSON, or that it is something else; `nil` where it says nothing.
    private var isSaidToBeJSON: Bool?
    /// Whether a function said so, and not the record as it came.
    private var isSaidAnew = false
    private var state = State.unread
    /// Whether it was JSON as it came, in whatever form.
    private var isJSON = false
    private(set) var isChanged = false

    private enum State {
        case unread
        /// What is no JSON: a text or bytes as a whole.
        case opaque(StructuredValue)
        case structured(StructuredValue?)
    }

    init(_ payload: RecordData, name: String, contentType: String?) {
        self.payload = payload
        self.name = name
        isSaidToBeJSON = contentType.map { MediaType.isJSON($0) }
    }

    /// Whether there was nothing when the record came here.
    var wasAbsent: Bool { payload.isAbsent }

    // MARK: Reading

    mutating func value(at path: FieldPath) throws -> StructuredValue? {
        try read(within: !path.isWhole)
        switch state {
        case .unread: return nil
        case .opaque(let value): return path.isWhole ? value : nil
        case .structured(let value): return value?.value(at: path)
        }
    }

    /// Whether a value at a path that means several is what is asked for.
    mutating func contains(at path: FieldPath, where isWanted: (StructuredValue) -> Bool) throws -> Bool {
        try read(within: true)
        guard case .structured(let value?) = state else { return false }
        return value.contains(at: path, where: isWanted)
    }

    /// - Parameter within: whether it has to have fields.
    private mutating func read(within: Bool) throws {
        switch state {
        case .structured: return
        case .opaque(let value):
            if within { state = .structured(try structured(Self.opaque(value))) }
        case .unread: state = try parsed(within: within)
        }
    }

    private mutating func parsed(within: Bool) throws -> State {
        switch payload.form {
        case .absent:
            isJSON = isSaidToBeJSON == true
            return .structured(nil)
        case .structured, .json: return .structured(try structured(payload))
        case .text, .bytes:
            if within || isSaidToBeJSON == true {
                return .structured(try structured(payload))
            }
            // Only what can be nothing else is taken for JSON unasked: `12` and `true` may just as well be texts.
            if isSaidToBeJSON == nil, beginsLikeJSON, let value = try? StructuredValue(json: payload.bytes) {
                isJSON = true
                return .structured(value)
            }
            return .opaque(payload.text.map { .string($0) } ?? .bytes(payload.bytes))
        }
    }

    private mutating func structured(_ payload: RecordData) throws -> StructuredValue {
        do {
            isJSON = true
            return payload.form == .structured ? try payload.structured : try StructuredValue(json: payload.bytes)
        } catch let error as ConnectorError {
            throw ConnectorError(.invalidRecord, "the \(name) is no JSON that has fields: \(error.message)")
        }
    }

    private var beginsLikeJSON: Bool {
        let first = payload.bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    // MARK: Changing

    /// Says anew what it is; what was not changed is then read as that, and a text written as that.
    mutating func setContentType(_ contentType: String?) {
        isSaidToBeJSON = contentType.map { MediaType.isJSON($0) }
        isSaidAnew = true
        guard isChanged else {
            state = .unread
            isJSON = false
            return
        }
        switch state {
        case .opaque(let value): replace(with: value)
        case .structured(let value?) where value.isOpaque: replace(with: value)
        case .structured, .unread: break
        }
    }

    /// Changes what is at a path; whether there was something to change.
    mutating func apply(_ change: FieldChange, at path: FieldPath) throws -> Bool {
        try read(within: !path.isWhole)
        var value: StructuredValue?
        switch state {
        case .unread: break
        case .opaque(let whole): value = whole
        case .structured(let whole): value = whole
        }
        // Nobody else may refer to what is changed.
        state = .structured(nil)
        let isFound = try change.apply(to: &value, at: path)
        isChanged = isChanged || isFound
        state = !isJSON && value?.isOpaque == true ? .opaque(value ?? .null) : .structured(value)
        return isFound
    }

    /// Puts another value in the place of the whole, whatever that was.
    mutating func replace(with value: StructuredValue?) {
        if isSaidAnew, let isSaidToBeJSON {
            isJSON = isSaidToBeJSON
        } else if case .unread = state {
            isJSON = isSaidToBeJSON ?? (payload.form == .json || beginsLikeJSON)
        }
        isChanged = true
        state = !isJSON && value?.isOpaque == true ? .opaque(value ?? .null) : .structured(value)
    }

    // MARK: Writing

    /// The data that the changes made, in the form in which it came, and whether it became JSON that was none and that
    /// nobody calls otherwise.
    func data() throws -> (data: RecordData, becameJSON: Bool) {
        switch state {
        case .unread: return (payload, false)
        case .opaque(let value): return (Self.opaque(value), false)
        case .structured(nil): return (.absent, false)
        case .structured(let value?):
            guard payload.form != .structured else { return (.structured(value), false) }
            let json = try value.validatedJSON()
            switch payload.form {
            case .text where keepsForm(value): return (.text(utf8: json) ?? .bytes(json), false)
            case .bytes where keepsForm(value): return (.bytes(json), false)
            default: return (.json(checked: json), !isJSON && !isSaidAnew)
            }
        }
    }

    /// Whether text or bytes that were JSON are still taken for it: a number or a string on its own is, where the content
    /// type says so, and else has to be held as JSON.
    private func keepsForm(_ value: StructuredValue) -> Bool {
        isJSON && (isSaidToBeJSON == true || value.hasMembers)
    }

    /// The key that the changes made: text wherever it can be one, since that is what keys are compared by.
    func key() throws -> RecordData? {
        switch state {
        case .unread: return payload.isAbsent ? nil : payload
        case .opaque(let value): return Self.opaque(value)
        case .structured(nil), .structured(.null): return nil
        case .structured(let value?):
            if let text = value.scalarText { return .text(text) }
            if case .bytes(let bytes) = value { return .bytes(bytes) }
            return try key(value)
        }
    }

    private func key(_ value: StructuredValue) throws -> RecordData {
        guard payload.form != .structured else { return .structured(value) }
        let json = try value.validatedJSON()
        return switch payload.form {
        case .text where isJSON: .text(utf8: json) ?? .bytes(json)
        case .bytes where isJSON: .bytes(json)
        default: .json(checked: json)
        }
    }

    private static func opaque(_ value: StructuredValue) -> RecordData {
        switch value {
        case .string(let text): .text(text)
        case .bytes(let bytes): .bytes(bytes)
        default: .structured(value)
        }
    }
}

extension StructuredValue {
    fileprivate var isOpaque: Bool {
        switch self {
        case .string, .bytes: true
        default: false
        }
    }

    /// Whether it is an array or an object, which is told from text by its first byte.
    var hasMembers: Bool {
        switch self {
        case .array, .object: true
        default: false
        }
    }

    /// A value without members as a text; `nil` for bytes, null, arrays and objects.
    var scalarText: String? {
        switch self {
        case .string(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .decimal(let digits): digits
        case .timestamp(let timestamp): timestamp.description
        case .null, .bytes, .array, .object: nil
        }
    }

    /// Any value as a text: bytes in base64, arrays and objects as JSON, null as nothing.
    func text() throws -> String {
        if let text = scalarText { return text }
        switch self {
        case .null: return ""
        case .bytes(let bytes): return Base64.encode(bytes)
        default: return String(decodingUTF8: try validatedJSON())
        }
    }
}
