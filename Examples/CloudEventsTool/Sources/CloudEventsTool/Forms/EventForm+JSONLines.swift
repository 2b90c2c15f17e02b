// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

extension EventForm {
    /// One JSON event a line.
    static let jsonLines = EventForm(
        name: "jsonl",
        summary: "Events in the JSON format, one a line; empty lines do not count.",
        isText: true,
        capacity: .many,
        read: { bytes in
            lines(of: bytes).map { range in
                reading { () throws(CloudEventError) in
                    do throws(CloudEventError) { return try JSONEventFormat().decode(bytes.slice(range)) } catch {
                        throw error.moved(by: range.lowerBound)
                    }
                }
            }
        },
        write: { events throws(CloudEventError) in
            var lines: [UInt8] = []
            for event in events {
                // White space in a JSON payload may hold newlines, which would end the line early.
                try lines.append(
                    contentsOf: JSONEventFormat().encode(event).map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
                )
                lines.append(UInt8(ascii: "\n"))
            }
            return SharedBytes(lines)
        }
    )

    /// The places of all lines that have something else than white space.
    static func lines(of bytes: SharedBytes) -> [Range<Int>] {
        bytes.withUnsafeBytes { buffer in
            var ranges: [Range<Int>] = []
            var start = 0
            while start < buffer.count {
                let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) ?? buffer.count
                if buffer[start..<end].contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) {
                    ranges.append(start..<end)
                }
                start = end + 1
            }
            return ranges
        }
    }
}
