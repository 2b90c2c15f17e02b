// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension SubscriptionFilter {
    /// A filter from its JSON text: `{ "prefix": { "type": "com.example." } }`, or an array of filters that all have to
    /// hold, as the property `filters` of a subscription is; an empty one holds for every record.
    ///
    /// - Parameters:
    ///   - json: an object, or an array of objects.
    ///   - defaults: source and type of records where neither these nor their partitions say anything.
    /// - Throws: `ConnectorError` with the code `invalidConfiguration`: the text is not JSON, or a member is wrong, which
    ///   the message names by its path, such as `all[1].exact.type`.
    public init(json: String, defaults: EventDefaults? = nil) throws(ConnectorError) {
        let value = try StructuredValue(json, in: "the subscription filter")
        try self.init(value, defaults: defaults)
    }

    /// A filter from the structured value that its JSON text stands for.
    ///
    /// - Parameters:
    ///   - value: an object, or an array of objects.
    ///   - defaults: source and type of records where neither these nor their partitions say anything.
    /// - Throws: `ConnectorError` with the code `invalidConfiguration`, which names the wrong member by its path.
    public init(_ value: StructuredValue, defaults: EventDefaults? = nil) throws(ConnectorError) {
        do throws(MemberRefusal) {
            self.init(try SubscriptionParser().filters(value), defaults: defaults)
        } catch {
            throw error.error(in: "the subscription filter")
        }
    }
}

extension RecordCondition where Self == SubscriptionFilter {
    /// Holds for the records that a filter of the CloudEvents Subscriptions API lets through:
    /// `.subscription(#"{ "suffix": { "type": ".created" } }"#)`.
    ///
    /// - Throws: `ConnectorError` with the code `invalidConfiguration`; see ``SubscriptionFilter/init(json:defaults:)``.
    public static func subscription(
        _ json: String,
        defaults: EventDefaults? = nil
    ) throws(ConnectorError) -> SubscriptionFilter {
        try SubscriptionFilter(json: json, defaults: defaults)
    }
}
