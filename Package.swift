// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "swift-openconnect",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CloudEventsCodec", targets: ["CloudEventsCodec"]),
        .library(name: "OpenConnect", targets: ["OpenConnect"]),
        .library(name: "ConnectRuntimeKit", targets: ["ConnectRuntimeKit"]),
        .library(name: "ConnectTestKit", targets: ["ConnectTestKit"]),
        .library(name: "FileConnector", targets: ["FileConnector"]),
        .executable(name: "file-connector", targets: ["file-connector"]),
        .executable(name: "cloudevents", targets: ["cloudevents"]),
    ],
    targets: [
        .target(name: "CloudEventsCodec"),
        .target(name: "OpenConnect", dependencies: ["CloudEventsCodec"]),
        .target(name: "OpenConnectFiles", dependencies: ["OpenConnect", "CloudEventsCodec"]),
        .target(
            name: "ConnectRuntimeKit",
            dependencies: ["OpenConnect", "CloudEventsCodec", "OpenConnectFiles"]
        ),
        .target(
            name: "ConnectTestKit",
            dependencies: ["ConnectRuntimeKit", "OpenConnect", "CloudEventsCodec", "OpenConnectFiles"]
        ),
        .target(
            name: "FileConnector",
            dependencies: ["OpenConnect", "CloudEventsCodec", "OpenConnectFiles"],
            path: "Examples/FileConnector/Sources/FileConnector"
        ),
        .executableTarget(
            name: "file-connector",
            dependencies: ["FileConnector", "ConnectRuntimeKit", "OpenConnect", "OpenConnectFiles"],
            path: "Examples/FileConnector/Sources/file-connector"
        ),
        .target(
            name: "CloudEventsTool",
            dependencies: ["CloudEventsCodec", "OpenConnect"],
            path: "Examples/CloudEventsTool/Sources/CloudEventsTool"
        ),
        .executableTarget(
            name: "cloudevents",
            dependencies: ["CloudEventsTool", "CloudEventsCodec"],
            path: "Examples/CloudEventsTool/Sources/cloudevents"
        ),
        .testTarget(
            name: "CloudEventsCodecTests",
            dependencies: ["CloudEventsCodec", "EventTestSupport"],
            exclude: ["Vectors"]
        ),
        .target(name: "EventTestSupport", dependencies: ["CloudEventsCodec"], path: "Tests/EventTestSupport"),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["ConnectRuntimeKit", "OpenConnect", "CloudEventsCodec", "EventTestSupport"],
            exclude: ["Findings"]
        ),
        .testTarget(name: "OpenConnectTests", dependencies: ["OpenConnect", "CloudEventsCodec"]),
        .executableTarget(
            name: "takeover-fixture",
            dependencies: ["ConnectRuntimeKit", "OpenConnect", "CloudEventsCodec", "OpenConnectFiles"],
            path: "Tests/TakeoverFixture"
        ),
        .testTarget(
            name: "ConnectRuntimeKitTests",
            dependencies: [
                "ConnectRuntimeKit", "ConnectTestKit", "OpenConnect", "CloudEventsCodec", "OpenConnectFiles",
                "takeover-fixture",
            ],
            exclude: ["Simulation/Mutations", "Functions/Vectors"]
        ),
        .testTarget(
            name: "ConnectTestKitTests",
            dependencies: [
                "ConnectTestKit", "ConnectRuntimeKit", "OpenConnect", "CloudEventsCodec", "OpenConnectFiles",
            ]
        ),
        .testTarget(
            name: "FileConnectorTests",
            dependencies: [
                "FileConnector", "file-connector", "ConnectTestKit", "ConnectRuntimeKit", "OpenConnect",
                "CloudEventsCodec",
                "OpenConnectFiles",
            ],
            path: "Examples/FileConnector/Tests/FileConnectorTests"
        ),
        .testTarget(
            name: "CloudEventsToolTests",
            dependencies: [
                "CloudEventsTool", "cloudevents", "ConnectTestKit", "CloudEventsCodec", "OpenConnectFiles",
            ],
            path: "Examples/CloudEventsTool/Tests/CloudEventsToolTests"
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatWarning("ExplicitSendable", as: .error),
    ]
}
