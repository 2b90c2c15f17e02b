// SPDX-License-Identifier: Apache-2.0

/// The labels of a sample as they are written, in the order of their names.
enum PrometheusLabels {
    /// - Parameter kind: a histogram has the label `le` for itself; another one of that name becomes `exported_le`.
    static func text(_ dimensions: [(String, String)], of kind: PrometheusKind) -> String {
        var labels: [String: String] = [:]
        for (name, value) in dimensions {
            var name = PrometheusName.label(name)
            if kind == .histogram, name == "le" { name = "exported_le" }
            labels[free(name, labels)] = value
        }
        return labels.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(PrometheusText.escaped($0.value))\"" }
            .joined(separator: ",")
    }

    /// Two dimensions may have names that become the same.
    private static func free(_ name: String, _ labels: [String: String]) -> String {
        guard labels[name] != nil else { return name }
        return (2...).lazy.map { "\(name)_\($0)" }.first { labels[$0] == nil } ?? name
    }
}
