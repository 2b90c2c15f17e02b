// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "my-system",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "MySystemConnector", targets: ["MySystemConnector"]),
        .executable(name: "my-system-connector", targets: ["my-system-connector"]),
    ],
    dependencies: [
        .package(name: "swift-openconnect", path: "../..")
    ],
    targets: [
        .target(
            name: "MySystemConnector",
            dependencies: [
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
        .executableTarget(
            name: "my-system-connector",
            dependencies: [
                "MySystemConnector",
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "FileConnector", package: "swift-openconnect"),
            ]
        ),
        .testTarget(
            name: "MySystemConnectorTests",
            dependencies: [
                "MySystemConnector", "my-system-connector",
                .product(name: "ConnectTestKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
