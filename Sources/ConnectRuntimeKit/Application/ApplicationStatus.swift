// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What a process tells whoever started it.
public struct ApplicationStatus: Sendable, Hashable {
    /// The status of the process.
    public let code: Int32

    /// Done: everything came to its end, or a stop was asked for.
    public static let done = ApplicationStatus(code: 0)
    /// Failed: the message says what is wrong and what to do.
    public static let failed = ApplicationStatus(code: 1)
    /// The command line or the configuration is wrong.
    public static let usage = ApplicationStatus(code: 2)
    /// A deadline passed: the message names the call that hangs.
    public static let deadlinePassed = ApplicationStatus(code: 3)

    package static func of(_ error: any Error) -> ApplicationStatus {
        switch (error as? ConnectorError)?.code {
        case .invalidConfiguration?: .usage
        case .deadlineExceeded?: .deadlinePassed
        default: .failed
        }
    }
}
