// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import MySystemConnector

/// Runs pipelines from and to MySystem, and files.
@main
struct MySystemCommand {
    static func main() async {
        await ConnectorApplication(name: "my-system-connector", version: "0.1.0") { registry in
            registry.register(MySystemSource.self)
            registry.register(MySystemSink.self)
            registry.register(FileSource.self)
            registry.register(FileSink.self)
        }.main()
    }
}
