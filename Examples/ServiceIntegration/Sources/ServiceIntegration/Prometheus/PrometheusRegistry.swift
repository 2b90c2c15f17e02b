// SPDX-License-Identifier: Apache-2.0

/// All series by their families, each under a name that no other has.
struct PrometheusRegistry: Sendable {
    struct Family: Sendable {
        let name: String
        let kind: PrometheusKind
        /// What the service calls it.
        let label: String
        var series: [String: any PrometheusSeries] = [:]
    }

    private(set) var families: [String: Family] = [:]
    private(set) var help: [String: String] = [:]
    private(set) var count = 0
    /// How often a series was not taken in, because there are too many.
    private(set) var refused = 0
    /// Which family has samples of a name.
    private var owners = [refusedName: refusedName]
    private let maxSeries: Int

    /// The name under which ``refused`` is written.
    static let refusedName = "metrics_refused_series_total"

    init(maxSeries: Int) { self.maxSeries = maxSeries }

    /// The series with these labels, which is made where there is none.
    mutating func series<Series: PrometheusSeries>(
        _ label: String,
        _ kind: PrometheusKind,
        _ name: String,
        _ dimensions: [(String, String)],
        _ make: (PrometheusPlace) -> Series
    ) -> Series {
        let family = freeName(name, kind)
        let place = PrometheusPlace(family: family, labels: PrometheusLabels.text(dimensions, of: kind))
        if let known = families[family]?.series[place.labels] as? Series { return known }
        let series = make(place)
        guard count < maxSeries else {
            refused += 1
            return series
        }
        count += 1
        families[family, default: Family(name: family, kind: kind, label: label)].series[place.labels] = series
        for sample in kind.sampleNames(of: family) { owners[sample] = family }
        return series
    }

    /// The wanted name, or one with the kind behind it where the wanted one is that of something else.
    private func freeName(_ wanted: String, _ kind: PrometheusKind) -> String {
        func isFree(_ name: String) -> Bool {
            if let family = families[name] { return family.kind == kind }
            return kind.sampleNames(of: name).allSatisfy { owners[$0] == nil }
        }
        var name = wanted
        while !isFree(name) { name += "_\(kind)" }
        return name
    }

    mutating func remove(_ series: any PrometheusSeries) {
        let place = series.place
        guard families[place.family]?.series[place.labels] === series else { return }
        families[place.family]?.series[place.labels] = nil
        count -= 1
        guard let family = families[place.family], family.series.isEmpty else { return }
        families[family.name] = nil
        help[family.label] = nil
        for sample in family.kind.sampleNames(of: family.name) { owners[sample] = nil }
    }

    mutating func describe(_ label: String, _ text: String) {
        guard help.count < maxSeries || help[label] != nil else { return }
        help[label] = text
    }
}
