// SPDX-License-Identifier: Apache-2.0

/// A function that knows before it sees a record which sinks it may choose.
///
/// A pipeline refuses to start where one of them is not among its sinks. A function that does not conform is found out
/// by the first record that it sends to a sink which is not there.
public protocol SinkChoosing: RecordFunction {
    /// The names of all sinks that ``RecordFunction/apply(_:)`` may name.
    var chosenSinks: [String] { get }
}
