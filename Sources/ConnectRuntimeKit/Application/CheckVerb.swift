// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// `check`: looks whether the pipelines of a configuration would work.
struct CheckVerb {
    let application: ConnectorApplication
    let options: CommandLineOptions

    func execute() async throws -> ApplicationStatus {
        let configuration = try application.configuration(options)
        var isPassed = true
        for pipeline in configuration.makePipelines() {
            let check = try await pipeline.check()
            try application.console.output(Self.text(check))
            isPassed = isPassed && check.isPassed
        }
        return isPassed ? .done : .failed
    }

    private static func text(_ check: PipelineCheck) -> String {
        var lines = ["\(check.pipeline): \(check.isPassed ? "ok" : "FAILED")"]
        switch check.guarantee {
        case .exactlyOnce?: lines.append("  delivers exactly once")
        case .atLeastOnce?:
            let reasons = check.reasons.joined(separator: "; ")
            lines.append("  delivers at least once" + (reasons.isEmpty ? "" : ": \(reasons)"))
        default: break
        }
        lines += check.findings.map {
            "  \($0.error == nil ? "ok    " : "FAILED") \($0.part): \($0.message)\($0.detail)"
        }
        return lines.map(\.oneLine).joined(separator: "\n") + "\n"
    }
}

extension PipelineCheck.Finding {
    fileprivate var detail: String { error.map { ": \($0.report)" } ?? "" }
}
