// SPDX-License-Identifier: Apache-2.0

import EventTestSupport

@testable import CloudEventsCodec

/// What fuzzing begins with: inputs of the vectors, and generated events.
enum FuzzSeeds {
    /// The bytes that a vector's input stands for; a message becomes lines and a body, as ``FuzzMessage`` reads them.
    static func bytes(of input: TestJSON) -> SharedBytes? {
        let members = ["text", "header", "json_literal", "expression"]
        if let text = input.string ?? members.lazy.compactMap({ input[$0]?.string }).first {
            return SharedBytes(utf8: text)
        }
        if let text = input["datacontenttype"]?.string ?? input["content_type"]?.string, input.members.count == 1 {
            return SharedBytes(utf8: text)
        }
        if let text = input["wire_base64"]?.string {
            return SharedBytes(utf8: text).withUnsafeBytes { Base64.decode($0) }
        }
        if let first = input.elements.first?.string { return SharedBytes(utf8: first) }
        var lines = ""
        for (name, value) in input["extensions"]?.members ?? [:] { lines += "\(name): \(text(of: value))\n" }
        if let contentType = input["content_type"]?.string { lines += "content-type: \(contentType)\n" }
        let pairs = input["headers"] ?? input["user_properties"] ?? input["application_properties"]
        for pair in pairs?.elements ?? [] where pair.elements.count == 2 {
            lines += "\(text(of: pair.elements[0])): \(text(of: pair.elements[1]))\n"
        }
        let body = (input["body"] ?? input["value"] ?? input["payload"]).map { text(of: $0) }
        return lines.isEmpty ? nil : SharedBytes(utf8: lines + "\n" + (body ?? ""))
    }

    private static func text(of value: TestJSON) -> String {
        if let number = value["amqp_long"]?.integer { return "l!\(number)" }
        return value.string ?? (value == .null ? "" : String(decodingUTF8: value.bytes))
    }

    /// The seeds of a target, from the lines of a vector file and a fixed sequence of generated events.
    static func make(for target: FuzzTarget, vectors: SharedBytes) throws -> [SharedBytes] {
        var seeds = target.texts.map { SharedBytes(utf8: $0) }
        for line in vectors.split(separator: UInt8(ascii: "\n")) {
            let vector = try TestJSON(SharedBytes(line))
            guard let kind = vector["kind"]?.string, target.vectors.contains(kind), let input = vector["input"] else {
                continue
            }
            if let bytes = bytes(of: input) { seeds.append(bytes) }
        }
        var generator = EventGenerator(seed: 1)
        for _ in 0..<30 {
            let event = try generator.event()
            // Some events have no form in some formats.
            if let written = try? target.write?(event) { seeds.append(written) }
        }
        return seeds
    }
}
