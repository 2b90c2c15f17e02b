// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension EventDefaults {
    static let test = EventDefaults(pipeline: "orders", connectorType: "test")
}
