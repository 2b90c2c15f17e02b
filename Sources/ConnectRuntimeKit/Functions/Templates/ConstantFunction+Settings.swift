// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

extension ConstantFunction: Configurable {
    /// `constant`.
    public static let type = "constant"
    /// What it is.
    public static let summary = "Replaces the data by a fixed value."

    private static let text = Setting<String?>("text", "The value as a text.")
    private static let json = Setting<StructuredValue?>("json", "The value as JSON.")
    private static let base64 = Setting<String?>("base64", "The value as bytes in base64.")
    private static let contentType = Setting<String?>(
        "contentType",
        "What the data is then; text/plain, application/json or application/octet-stream without it."
    )

    /// The value in one of three forms.
    public static var settings: SettingGroup {
        SettingGroup(text, json, base64, contentType).rules(.exactlyOne(text, json, base64))
    }

    /// A function with the configured value.
    public init(_ values: SettingValues) throws {
        let data: RecordData
        if let text = values[Self.text] {
            data = .text(text)
        } else if let base64 = values[Self.base64] {
            guard let bytes = Self.bytes(base64) else { throw values.problem(Self.base64, "is not base64") }
            data = .bytes(bytes)
        } else {
            data = .json(checked: (values[Self.json] ?? .null).json)
        }
        self.init(data, contentType: values[Self.contentType])
    }

    private static func bytes(_ base64: String) -> SharedBytes? {
        SharedBytes(utf8: base64).withUnsafeBytes { Base64.decode($0) }
    }
}
