// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension StructuredValue {
    /// The same with the members of every object in the order of their names: JSON has none.
    var inNameOrder: StructuredValue {
        switch self {
        case .object(let object):
            let members = object.members.map { StructuredObject.Member(name: $0.name, value: $0.value.inNameOrder) }
            let sorted = members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            return .object(StructuredObject(unique: sorted))
        case .array(let elements): return .array(elements.map(\.inNameOrder))
        default: return self
        }
    }
}
