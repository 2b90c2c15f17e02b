// SPDX-License-Identifier: Apache-2.0

extension FileSource {
    /// How a ``FileSource`` reads.
    public struct Options: Sendable {
        /// Whether to wait for more at the end of a file, and to go on with the file that takes its place, instead of
        /// ending there.
        public var follow: Bool
        /// The longest line in bytes, without its newline. A longer one is rejected, and reading goes on behind it.
        public var maxLineBytes: Int
        /// How many bytes are read at once, at least 1. A batch holds at most the lines of one such chunk of each file.
        public var chunkSize: Int
        /// How long to wait before looking again whether a followed file has grown.
        public var pollInterval: Duration

        /// Options; the defaults read each file once, to its end.
        public init(
            follow: Bool = false,
            maxLineBytes: Int = 16 << 20,
            chunkSize: Int = 256 << 10,
            pollInterval: Duration = .milliseconds(100)
        ) {
            self.follow = follow
            self.maxLineBytes = maxLineBytes
            self.chunkSize = chunkSize
            self.pollInterval = pollInterval
        }
    }
}
