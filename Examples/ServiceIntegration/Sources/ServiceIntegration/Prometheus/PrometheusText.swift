// SPDX-License-Identifier: Apache-2.0

/// Writes the text exposition format 0.0.4 of Prometheus.
struct PrometheusText {
    private(set) var text = ""

    /// The media type of the text.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Begins a family: all its samples follow.
    mutating func family(_ name: String, _ kind: PrometheusKind, help: String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind)\n"
    }

    /// - Parameter labels: as ``PrometheusLabels`` writes them.
    mutating func sample(_ name: String, _ labels: String, _ value: Double) {
        text += name
        if !labels.isEmpty { text += "{\(labels)}" }
        text += " \(Self.number(value))\n"
    }

    mutating func histogram(_ name: String, _ labels: String, _ histogram: HistogramSnapshot) {
        let separator = labels.isEmpty ? "" : ","
        for (bound, count) in histogram.cumulative {
            sample("\(name)_bucket", "\(labels)\(separator)le=\"\(Self.number(bound))\"", Double(count))
        }
        sample("\(name)_sum", labels, histogram.sum)
        sample("\(name)_count", labels, Double(histogram.count))
    }

    /// A number as Go reads it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        // Beyond that not every whole number is a double, and it is shorter with an exponent.
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return "\(whole)" }
        return "\(value)"
    }

    /// The value of a label, or a text of help, in which quotation marks stay as they are.
    static func escaped(_ text: String, quotes: Bool = true) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// What the samples of a family are.
enum PrometheusKind: String, Sendable, CustomStringConvertible {
    case counter, gauge, histogram

    var description: String { rawValue }

    /// All names that samples of the family have, and by which no other family may go.
    func sampleNames(of name: String) -> [String] {
        self == .histogram ? [name, "\(name)_bucket", "\(name)_sum", "\(name)_count"] : [name]
    }
}
