// SPDX-License-Identifier: Apache-2.0

/// What is known of an event while its elements are read.
struct XMLEventDraft {
    let start: Int
    private(set) var attributes: [CloudEvent.Attribute] = []
    private var offsets: [Int] = []
    var data: EventData?

    init(start: Int) {
        self.start = start
        attributes.reserveCapacity(8)
        offsets.reserveCapacity(8)
    }

    mutating func add(_ name: AttributeName, _ value: AttributeValue, at offset: Int) {
        attributes.append(CloudEvent.Attribute(name: name, value: value))
        offsets.append(offset)
    }

    /// Puts the event together when its element is over.
    func event() throws(CloudEventError) -> CloudEvent {
        do throws(CloudEventError) {
            return try CloudEvent(attributes: attributes, data: data ?? .absent)
        } catch {
            // Of one that is there twice, the second is to blame.
            let index = attributes.lastIndex { $0.name.string == error.attribute }
            var located = error
            located.offset = index.map { offsets[$0] } ?? start
            throw located
        }
    }
}
