// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Replaces the data of each record by the same value.
///
/// Attributes stay, but for the content type; so do key, headers and position.
public struct ConstantFunction: SynchronousFunction {
    private let data: RecordData
    private let contentType: String?

    /// A function that puts a value in the place of the data.
    ///
    /// - Parameters:
    ///   - data: text, JSON, bytes, a structured value, or nothing.
    ///   - contentType: what the data is; where it is `nil`, `text/plain` for a text, `application/json` for JSON and
    ///     `application/octet-stream` for bytes.
    public init(_ data: RecordData, contentType: String? = nil) {
        self.data = data
        self.contentType =
            contentType
            ?? {
                switch data.form {
                case .absent: nil
                case .text: "text/plain"
                case .json, .structured: "application/json"
                case .bytes: "application/octet-stream"
                }
            }()
    }

    /// The record with other data.
    public func apply(_ record: ConnectorRecord) -> FunctionResult {
        var made = record
        made.data = data
        if let contentType { made.contentType = contentType }
        return .record(made)
    }
}
