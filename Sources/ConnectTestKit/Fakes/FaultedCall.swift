// SPDX-License-Identifier: Apache-2.0

/// A call of a connector or a store that is about to be made, and that a ``FaultScript`` may let go wrong.
public struct FaultedCall: Sendable, Hashable {
    /// What is called.
    public struct Method: Sendable, Hashable, CustomStringConvertible {
        /// The name of the method.
        public let description: String

        private init(_ name: String) { description = name }

        /// The start of a connector.
        public static let start = Method("start")
        /// The stop of a connector; it cannot fail, but it can take long.
        public static let stop = Method("stop")
        /// A poll of a source.
        public static let poll = Method("poll")
        /// A source is told what is committed.
        public static let commit = Method("commit")
        /// A source is told the outcomes of its records.
        public static let acknowledge = Method("acknowledge")
        /// A put of a sink, with or without positions.
        public static let put = Method("put")
        /// A flush of a sink.
        public static let flush = Method("flush")
        /// A sink is asked for its checkpoint.
        public static let checkpoint = Method("checkpoint")
        /// A sink is cut back to a checkpoint.
        public static let restore = Method("restore")
        /// A sink is asked for the positions that it keeps.
        public static let positions = Method("positions")
        /// A connector is asked to connect again.
        public static let reconnect = Method("reconnect")
        /// A claim in an offset store.
        public static let claim = Method("claim")
        /// The prolongation of a claim.
        public static let renew = Method("renew")
        /// A save in an offset store.
        public static let save = Method("save")
        /// The end of a claim.
        public static let release = Method("release")
    }

    /// What is called.
    public let method: Method
    /// How many calls of the same method came before it, over all connectors and runs that share the script.
    public let number: Int
}
