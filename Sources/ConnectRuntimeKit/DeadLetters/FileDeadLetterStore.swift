// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
package import OpenConnectFiles

/// Keeps dead letters in a file, durably, one CloudEvent in JSON on each line, for one process at a time.
///
/// The file can be looked at with `cat` and `jq`, and read with the `cloudevents` tool. Changing it by hand, while no
/// process uses it, is limited to taking out whole lines. Beside it lies a file with `.lock` behind its name, which
/// is never removed, and for moments one with `.new`.
///
/// - The first call opens the file and locks it against other processes and other stores; ``close()``, or the end of the
///   process, unlocks it.
/// - A missing file is a store without letters. An append that was cut short by a crash is rolled back. Anything else that
///   is not as it was written is an error that names the line; the file is then left as it is.
/// - What was removed, and what was replaced, is in the file until most of it is of that kind: then a new one with the
///   letters that are left takes its place. The first change after the start begins a new one too, so that it does
///   not rest on anything that an earlier process may have failed to write.
/// - After a failed `fsync` the file is not written to again: the next change begins a new one with what is known to be
///   durable.
///
/// In memory it keeps 24 bytes for each letter, and what one call moves.
public final class FileDeadLetterStore: DeadLetterStore {
    /// The path of the file, as it was given.
    public let path: String
    private let clerk: LetterClerk

    /// A store in a file, which is made, with its directory, when the first letter is added.
    public convenience init(path: String) {
        self.init(path: path, faults: .none)
    }

    /// A store with everything that a test wants to choose.
    package init(
        path: String,
        compactionThreshold: Int64 = 64 << 10,
        pageBytes: Int = 8 << 20,
        faults: FileFaults
    ) {
        self.path = path
        clerk = LetterClerk(compactionThreshold: compactionThreshold, pageBytes: pageBytes) {
            LetterPath(path, faults: faults)
        }
    }

    /// Opens the file and locks it, as the first of any other call does, to learn at once whether it can be used.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `retryable` when another process or another store uses it, with the
    ///   owner; `invalidConfiguration` when it cannot be opened, or is something else; `fatal` when it is damaged.
    public func open() async throws {
        _ = try await clerk.perform(.open).get()
    }

    /// Adds letters; durable when it returns. Cancellation does not end it.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: as ``open()``; `retryable`, with what to do, when the file system fails:
    ///   then none of the letters is there as long as the process lives, and after a crash they may be; `fenced` when
    ///   the lock was taken away.
    public func append(_ letters: [DeadLetter]) async throws {
        _ = try await clerk.perform(.append(letters)).get()
    }

    /// The oldest letters behind a key: at most that many, and no more than 8 MiB of them, but at least one if there is
    /// any.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` as ``open()``.
    public func read(after key: DeadLetterKey?, atMost count: Int) async throws -> [StoredDeadLetter] {
        guard case .letters(let letters) = try await clerk.perform(.read(after: key, count: count)).get() else {
            return []
        }
        return letters
    }

    /// Puts letters in the place of those with the same keys, each as a whole; durable when it returns.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` as ``append(_:)``.
    public func replace(_ letters: [StoredDeadLetter]) async throws {
        _ = try await clerk.perform(.replace(letters)).get()
    }

    /// Removes letters, all of them or none; durable when it returns.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` as ``append(_:)``.
    public func remove(_ keys: [DeadLetterKey]) async throws {
        _ = try await clerk.perform(.remove(keys)).get()
    }

    /// How many letters there are.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` as ``open()``.
    public var count: Int {
        get async throws {
            guard case .count(let count) = try await clerk.perform(.count).get() else { return 0 }
            return count
        }
    }

    /// Unlocks the file for others; the next call opens it again.
    public func close() async {
        _ = await clerk.perform(.close)
    }
}
