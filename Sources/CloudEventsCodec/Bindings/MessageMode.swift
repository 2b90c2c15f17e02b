// SPDX-License-Identifier: Apache-2.0

/// How an event is written into a message: in binary mode, or in structured mode in an event format.
///
/// All bindings take it, so that the choice is written the same way everywhere: `.binary`, `.structured()` for JSON, or
/// `.structured(format)`. Batches have methods of their own where a binding has batches.
public struct MessageMode: Sendable {
    /// The format of structured mode.
    let format: (any EventFormat)?

    /// The attributes become headers, the data becomes the body.
    public static let binary = MessageMode(format: nil)

    /// The body is the whole event in a format, JSON where none is given, which every receiver reads (H2).
    ///
    /// - Parameter format: the format to write.
    public static func structured(_ format: some EventFormat = JSONEventFormat()) -> MessageMode {
        MessageMode(format: format)
    }

    /// The same as a ``ContentMode``.
    public var contentMode: ContentMode { format == nil ? .binary : .structured }
}
