// SPDX-License-Identifier: Apache-2.0

@testable import HTTPConnector

extension RawConnection {
    /// The attributes of an event, as lines of a request.
    static let eventHeaders = "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /a\r\nce-type: t\r\n"
}

extension HTTPSource.Options {
    /// The defaults with other limits.
    static func limited(idle: Duration, request: Duration, body: Int) -> HTTPSource.Options {
        var options = HTTPSource.Options()
        options.idleTimeout = idle
        options.requestTimeout = request
        options.maxBodyBytes = body
        return options
    }
}
