// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension EventDefaults {
    /// What an event says that a sink makes of a record, where the source left it open.
    init(pipeline: String, source: any Source) {
        self.init(pipeline: pipeline, connectorType: source.typeName)
    }
}

extension Connector {
    /// The name by which a configuration asks for the connector, or that of its type in Swift.
    var typeName: String {
        (self as? any ConfigurableConnector).map { type(of: $0).type } ?? "\(Swift.type(of: self))"
    }
}
