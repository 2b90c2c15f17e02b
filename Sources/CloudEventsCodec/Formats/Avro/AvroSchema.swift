// SPDX-License-Identifier: Apache-2.0

/// The branches of the unions in the schema `io.cloudevents.CloudEvent` (V1), in its order.
enum AvroSchema {
    /// The values of the map `attribute`.
    enum Attribute: Int64 {
        case null, boolean, int, string, bytes
    }

    /// The field `data`.
    enum Data: Int64 {
        case bytes, null, boolean, map, array, double, string
    }

    /// The values of the map that is the branch `map` of the field `data`.
    enum Member: Int64 {
        case null, boolean, record, double, string
    }

    /// The values of the map in a record `CloudEventData`.
    enum InnerMember: Int64 {
        case null, boolean, map, array, double, string
    }

    /// What holds JSON values in the schema, each with values of its own kinds.
    enum Container {
        /// The map in the field `data`: a JSON object with scalars and objects.
        case object
        /// The map in a record `CloudEventData`: a JSON object with scalars, and objects and arrays of records.
        case record
        /// A map of records: a JSON object with nothing but objects.
        case recordMap
        /// An array of records: a JSON array of nothing but objects.
        case recordArray

        var isArray: Bool { self == .recordArray }
    }
}

extension WireReader {
    /// Reads which branch of a union comes next.
    mutating func branch<Union: RawRepresentable<Int64>>() throws(CloudEventError) -> Union {
        let start = offset
        guard let branch = Union(rawValue: try long()) else { throw malformed("a union has no such branch", at: start) }
        return branch
    }
}

extension WireWriter {
    mutating func branch(_ branch: some RawRepresentable<Int64>) { long(branch.rawValue) }
}
