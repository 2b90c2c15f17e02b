// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Tells whether a connector is still in memory, without keeping it there.
struct WeakConnector: Sendable {
    private weak let object: (any Connector & AnyObject)?
    private let identity: ObjectIdentifier?

    init(_ connector: any Connector) {
        let object = type(of: connector) is AnyClass ? connector as? any Connector & AnyObject : nil
        self.object = object
        identity = object.map { ObjectIdentifier($0) }
    }

    /// Whether the connector is an object, so that it can be watched.
    var isObject: Bool { identity != nil }

    var isReleased: Bool { object == nil }

    func hasSameObject(as other: WeakConnector) -> Bool {
        // An object that is gone may have left its place to the other.
        object != nil && identity == other.identity
    }
}
