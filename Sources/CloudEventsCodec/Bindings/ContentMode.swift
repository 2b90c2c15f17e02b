// SPDX-License-Identifier: Apache-2.0

/// How a message carries events: the three modes of the specification.
public enum ContentMode: String, Sendable, Hashable, CaseIterable {
    /// The attributes are headers, the data is the body.
    case binary
    /// The body is one event in an event format.
    case structured
    /// The body is a list of events in an event format.
    case batched

    /// The mode by a content type (H1): a prefix, whatever its case, decides.
    ///
    /// - Parameter contentType: the message's content type, if it has one.
    public init(contentType: String?) {
        let text = contentType ?? ""
        self =
            Self.starts(text, with: "application/cloudevents-batch")
            ? .batched : Self.starts(text, with: "application/cloudevents") ? .structured : .binary
    }

    private static func starts(_ text: String, with prefix: String) -> Bool {
        text.utf8.count >= prefix.utf8.count
            && zip(text.utf8, prefix.utf8).allSatisfy { byte, wanted in
                byte == wanted || (byte | 0x20 == wanted && UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte)
            }
    }
}
