// SPDX-License-Identifier: Apache-2.0

/// The figures of pipelines that have one name.
struct PrometheusSampleFamily {
    let name: String
    let kind: PrometheusKind
    private var figures: [MetricFigure] = []

    private init(_ figure: MetricFigure) {
        name = figure.identity.name
        kind =
            switch figure.value {
            case .counter, .floatingCounter: .counter
            case .gauge: .gauge
            case .histogram: .histogram
            }
    }

    /// The families in the order in which they come first.
    static func all(of figures: [MetricFigure]) -> [PrometheusSampleFamily] {
        var families: [PrometheusSampleFamily] = []
        var places: [String: Int] = [:]
        for figure in figures {
            if places[figure.identity.name] == nil {
                places[figure.identity.name] = families.count
                families.append(PrometheusSampleFamily(figure))
            }
            guard let place = places[figure.identity.name] else { continue }
            families[place].figures.append(figure)
        }
        return families
    }

    func write(to text: inout PrometheusText) {
        text.family(name, kind, help: figures.first?.help ?? "")
        for figure in figures {
            let labels = PrometheusLabels.text(figure.identity.dimensions, of: kind)
            switch figure.value {
            case .counter(let value), .floatingCounter(let value), .gauge(let value):
                text.sample(name, labels, value)
            case .histogram(let histogram): text.histogram(name, labels, histogram)
            }
        }
    }
}
