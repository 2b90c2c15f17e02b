// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A question to a record that is answered with yes or no: what filters, routes and conditional functions ask.
public protocol RecordCondition: Sendable {
    /// Whether it holds for a record.
    ///
    /// Cheap, and without side effects: it is asked for each record, and again when a function is tried again.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` where the record gives no answer; it concerns that record alone.
    func holds(for record: ConnectorRecord) throws -> Bool
}
