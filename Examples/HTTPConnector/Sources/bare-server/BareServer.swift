// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Logging

/// What the source is measured against: a handler that reads the same body, and answers 200.
@main
enum BareServer {
    static func main() async throws {
        let router = Router()
        router.post("/") { request, _ in
            _ = try await request.body.collect(upTo: 1 << 20)
            return HTTPResponse.Status.ok
        }
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), backlog: 1024),
            logger: Logger(label: "bare") { _ in SwiftLogNoOpLogHandler() }
        )
        try await application.runService()
    }
}
