// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension RecordFilter: Configurable {
    private enum ErrorChoice: String, CaseIterable, SettingValue { case filter, reject }

    /// `filter`.
    public static let type = "filter"
    /// What it is.
    public static let summary = "Lets through only the records for which a condition holds."

    private static let sql = Setting<SQLCondition?>("sql", "An expression of CloudEvents SQL that has to be true.")
    private static let pattern = Setting<RecordPattern?>("pattern", "A pattern that attributes and data have to match.")
    private static let subscription = Setting<SubscriptionFilter?>(
        "subscription",
        "A filter of the CloudEvents Subscriptions API, or a list of filters that all have to hold."
    )
    private static let onError = Setting<ErrorChoice?>(
        "onError",
        "What is done with a record for which the expression cannot be evaluated: by default it is filtered out."
    )

    /// The condition, in one of three languages.
    public static var settings: SettingGroup {
        SettingGroup(sql, pattern, subscription, onError)
            .rules(.exactlyOne(sql, pattern, subscription), .requires(onError, sql))
    }

    /// A filter by the configured condition.
    public init(_ values: SettingValues) throws {
        if let sql = values[Self.sql] {
            self.init(values[Self.onError] == .reject ? sql.rejectingErrors : sql)
        } else if let pattern = values[Self.pattern] {
            self.init(pattern)
        } else if let subscription = values[Self.subscription] {
            self.init(subscription)
        } else {
            throw values.problem("a condition is missing")
        }
    }
}
