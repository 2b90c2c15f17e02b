// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension ConnectorError {
    /// Whether another attempt may help.
    var isPassing: Bool { code == .retryable || code == .throttled || code == .notConnected }
}
