// SPDX-License-Identifier: Apache-2.0

/// The work that a ``CrashHarness`` interrupts: how it begins, what happens meanwhile, when it is done, and what is right then.
///
/// All closures are called one after the other, never at the same time.
public struct CrashScenario: Sendable {
    /// Makes everything as it is before the first run: the inputs there, no output and no state. Called at the beginning of
    /// each round, and there are at least two: one without kills, and one with.
    public var prepare: @Sendable () async throws -> Void
    /// Called before each run, while no process lives, with its number in its round, from 0: a place to append to the
    /// input, or to rotate it.
    public var beforeRun: @Sendable (_ run: Int) async throws -> Void = { _ in }
    /// Called again and again, about every millisecond, while a process lives, with the number of its run: the same place,
    /// beside a living process. The kill does not wait for it.
    public var whileRunning: @Sendable (_ run: Int) async throws -> Void = { _ in }
    /// Whether everything that was to be done is done, for a process that does not end by itself: it is then asked to
    /// end (`SIGTERM`), and has to end with status 0; one that dies of the signal because it was only just starting is
    /// started again, and asked a little later. Called as often as ``whileRunning``. `nil` for a process that ends.
    public var isDone: (@Sendable () async throws -> Bool)?
    /// Checks the outputs, at the end of each round. Throws, or tells the test framework, if something is wrong.
    public var verify: @Sendable () async throws -> Void

    /// A scenario of a process that ends by itself, and of files that nobody changes meanwhile.
    public init(
        prepare: @escaping @Sendable () async throws -> Void,
        verify: @escaping @Sendable () async throws -> Void
    ) {
        self.prepare = prepare
        self.verify = verify
    }
}
