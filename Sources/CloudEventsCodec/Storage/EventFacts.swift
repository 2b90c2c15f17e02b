// SPDX-License-Identifier: Apache-2.0

/// What is known of an event beside its texts. It is a plain value, so that it can lie in raw memory.
struct EventFacts {
    var extensionCount = 0
    var dataStart: UnsafeRawPointer?
    var dataCount = 0
    var dataForm = EventData.Form.absent
    /// Whose memory the data is in.
    var dataHolder = Holder.event
    var contentClass = ContentClass.unknown
    var time = TimeFacts()

    /// Whether the content type means JSON, which is so where there is none (J5, J6).
    @inline(__always) var isJSONContentType: Bool { contentClass.rawValue <= ContentClass.json.rawValue }

    enum Holder {
        /// The event's own buffer.
        case event
        /// The buffer that the texts are in.
        case texts
        /// A buffer of the data's own.
        case data
    }

    /// What the attribute `time` says; its text is among the texts.
    struct TimeFacts {
        var seconds: Int64 = 0
        var nanoseconds: Int32 = 0
        var offset: Int16 = 0
        var fractionDigits: UInt8 = 0
        var style = Timestamp.Style()
    }
}

extension EventFacts.TimeFacts {
    init(_ timestamp: Timestamp) {
        seconds = timestamp.secondsSince1970
        nanoseconds = timestamp.nanoseconds
        offset = timestamp.offset
        fractionDigits = timestamp.fractionDigits
        style = timestamp.style
    }
}
