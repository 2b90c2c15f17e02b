// SPDX-License-Identifier: Apache-2.0

/// The header `Retry-After`, in the two forms that HTTP has for it (B2).
public enum RetryAfter: Sendable, Hashable {
    /// So long after the response came.
    case delay(Duration)
    /// At an instant.
    case date(Timestamp)

    /// Reads a header's value: whole seconds, or a date of HTTP in any of its three forms.
    ///
    /// - Returns: `nil` where it is neither.
    public init?(_ text: String) {
        if !text.isEmpty, text.utf8.allSatisfy(URISyntax.isDigit) {
            // More than 68 years are as good as for ever, and easier to add to an instant.
            self = .delay(.seconds(min(Int64(text) ?? .max, Int64(Int32.max))))
        } else if let date = HTTPDate.parse(text) {
            self = .date(date)
        } else {
            return nil
        }
    }

    /// How long to wait from an instant on; zero where that is over.
    ///
    /// - Parameter now: when the response came.
    public func delay(from now: Timestamp) -> Duration {
        switch self {
        case .delay(let duration): return duration
        case .date(let date):
            let (seconds, overflow) = date.secondsSince1970.subtractingReportingOverflow(now.secondsSince1970)
            guard !overflow, seconds > 0 else { return .zero }
            return .seconds(seconds) - .nanoseconds(Int64(now.nanoseconds))
        }
    }
}
