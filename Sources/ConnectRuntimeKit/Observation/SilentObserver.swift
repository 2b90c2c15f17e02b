// SPDX-License-Identifier: Apache-2.0

/// Is interested in nothing, so that nothing is measured.
public struct SilentObserver: RuntimeObserver {
    /// An observer without interests.
    public init() {}

    /// None.
    public var interests: ObserverInterests { [] }
    /// Does nothing.
    public func observe(_ event: RuntimeEvent) {}
}

extension RuntimeObserver where Self == SilentObserver {
    /// Is interested in nothing.
    public static var silent: SilentObserver { SilentObserver() }
}
