// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// An event as a line of a log.
struct LogLine {
    /// How lines are written.
    enum Format: String {
        case text, json

        init(_ options: CommandLineOptions) { self = options["--log-format"].flatMap(Self.init) ?? .text }

        static let option = CommandLineOptions.Option(
            name: "--log-format",
            value: "text|json",
            help: "How log lines are written (default text).",
            values: ["text", "json"]
        )
    }

    static let levels: [ConnectorEvent.Level] = [.debug, .info, .warning, .error]

    let event: RuntimeEvent
    let time: RecordTimestamp

    /// `2026-01-02T03:04:05.678Z WARNING orders: the message (name=value): error`
    var text: String {
        var text = "\(time.inLog) \(event.level.description.uppercased()) \(event.pipeline): \(event.message)"
        let attributes = event.attributes.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
        if !attributes.isEmpty {
            text += " (" + attributes.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") + ")"
        }
        if let error = event.error { text += ": \(error)" }
        // One event, one line, whatever a client library writes into its errors.
        return text.oneLine
    }

    /// The same as an object: `time`, `level`, `pipeline`, `event`, `message`, what else the event has, and the attributes;
    /// one whose name is taken by something else has `attribute.` in front of it.
    var json: String {
        var members: StructuredObject = [
            "time": .string(time.inLog), "level": .string(event.level.description), "pipeline": .string(event.pipeline),
            "event": .string(event.kind.description), "message": .string(event.message),
        ]
        if let error = event.error { members["error"] = .string("\(error)") }
        if let connector = event.connector { members["connector"] = .string(connector) }
        if let call = event.call?.name ?? event.callName { members["call"] = .string(call) }
        if let state = event.state { members["state"] = .string("\(state)") }
        if let attempt = event.attempt { members["attempt"] = .integer(Int64(attempt)) }
        if let records = event.records { members["records"] = .integer(Int64(records)) }
        for (name, value) in event.attributes.sorted(by: { $0.key < $1.key }) where members[name] != .string(value) {
            members[members[name] == nil ? name : "attribute.\(name)"] = .string(value)
        }
        return Self.json(members)
    }

    static func json(_ members: StructuredObject) -> String {
        String(decoding: StructuredValue.object(members).json.withUnsafeBytes { Array($0) }, as: UTF8.self)
    }
}

extension RecordTimestamp {
    /// In RFC 3339, to the millisecond: what follows is noise in a log.
    var inLog: String {
        let milliseconds = nanosecondsSince1970 / 1_000_000
        let fraction = Int32(milliseconds % 1000) * 1_000_000
        let timestamp = try? Timestamp(secondsSince1970: milliseconds / 1000, nanoseconds: fraction)
        return timestamp?.description ?? description
    }
}

/// Writes what happens as lines.
struct LogObserver: RuntimeObserver {
    let format: LogLine.Format
    let level: ConnectorEvent.Level
    let lines: DiagnosticLines

    /// Durations are measured for nobody here.
    var interests: ObserverInterests { .events }

    func observe(_ event: RuntimeEvent) {
        guard event.level >= level else { return }
        let line = LogLine(event: event, time: .now)
        lines.add(format == .text ? line.text : line.json)
    }
}
