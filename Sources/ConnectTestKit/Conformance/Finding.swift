// SPDX-License-Identifier: Apache-2.0

/// Ends a check with a verdict other than passed.
struct Finding: Error {
    let verdict: ConformanceVerdict
    let reason: String

    /// The contract was broken.
    static func broken(expected: String, seen: String, advice: String) -> Finding {
        Finding(verdict: .failed, reason: "expected \(expected), saw \(seen): \(advice)".onOneLine)
    }

    /// The check has no meaning here, or needs something that the subject does not supply.
    static func notApplicable(_ reason: String) -> Finding {
        Finding(verdict: .notApplicable, reason: reason)
    }

    /// What the author supplies did not work.
    static func subjectFailed(_ what: String, _ error: any Error) -> Finding {
        Finding(verdict: .failed, reason: "the subject's \(what) threw \(error): mend the test".onOneLine)
    }
}

extension String {
    /// Errors may have descriptions of several lines; the table has one for each check.
    fileprivate var onOneLine: String {
        String(map { $0.isNewline ? " " : $0 })
    }
}
