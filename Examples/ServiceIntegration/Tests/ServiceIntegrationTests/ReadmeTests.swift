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

    @Test func codeIsQuotedFromWhatCompiles() throws {
        let sources = try [
            "Sources/observed-service/ObservedService.swift",
            "Tests/ServiceIntegrationTests/ConnectorApplicationTests.swift",
        ].map(text)
        let blocks = try text("README.md").split(separator: "```swift\n").dropFirst().map { block in
            block[..<(block.firstRange(of: "```")?.lowerBound ?? block.endIndex)]
        }
        #expect(blocks.count == 3)
        for block in blocks { #expect(sources.contains { $0.contains(block) }, "not in a source: \(block)") }
    }

    @Test(arguments: MetricSample.Metric.all)
    func metricsAreListed(metric: MetricSample.Metric) throws {
        let row = "| `\(metric.name)` | \(metric.kind) | \(metric.unit) | \(metric.help) |\n"
        #expect(try text("README.md").contains(row))
    }
}
