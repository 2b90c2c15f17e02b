// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What the README says is so.
@Suite struct ReadmeTests {
    private func text(_ path: String) throws -> String {
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
            separator: "/"
        )
        return String(decoding: try Data(contentsOf: URL(filePath: "\(package)/\(path)")), as: UTF8.self)
    }

    @Test(arguments: MetricSample.Metric.all)
    func metricsAreListed(metric: MetricSample.Metric) throws {
        let row = "| `\(metric.name)` | \(metric.kind) | \(metric.unit) | \(metric.help) |\n"
        #expect(try text("README.md").contains(row))
    }
}
