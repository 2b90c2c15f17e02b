// SPDX-License-Identifier: Apache-2.0

/// How a process ended.
public enum ProcessExit: Sendable, Hashable {
    /// By itself, with a status.
    case exited(Int32)
    /// By a signal.
    case signalled(Int32)
    /// In a way that cannot be learnt: this process ignores `SIGCHLD`, or another part of it has waited for any child.
    case unknown

    /// Reads the number that `waitpid` gives.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xFF) : .signalled(signal)
    }
}

extension ProcessExit: CustomStringConvertible {
    /// `status 0`, `signal 9`.
    public var description: String {
        switch self {
        case .exited(let status): "status \(status)"
        case .signalled(let signal): "signal \(signal)"
        case .unknown: "an end that somebody else was told (is SIGCHLD ignored, or any child waited for?)"
        }
    }
}
