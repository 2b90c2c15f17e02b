// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import OpenConnect
import RedisConnector
import Testing

/// What the README shows in Swift; `dev/docs` compares it.
@Suite("The README's pipelines")
struct ReadmeTests {
    @Test("They can be made")
    func pipelines() throws {
        var redis = RedisAddress(.host("redis.example.com"))
        redis.tls = RedisTLS(authorities: "ca.pem")
        let address = redis
        let copy = Pipeline(
            "copy",
            from: try RedisStreamSource(streams: ["orders"], group: "copy", of: address),
            to: RedisStreamSink(stream: try StreamName("copy-{partition}"), of: address),
            offsets: RedisOffsetStore(address)
        )
        #expect(copy.name == "copy")
    }
}
