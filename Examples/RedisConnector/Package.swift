// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "openconnect-redis",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "RedisConnector", targets: ["RedisConnector"]),
        .executable(name: "redis-connector", targets: ["redis-connector"]),
    ],
    dependencies: [
        .package(name: "swift-openconnect", path: "../.."),
        .package(name: "openconnect-service-integration", path: "../ServiceIntegration"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.2"),
    ],
    targets: [
        .target(
            name: "RedisConnector",
            dependencies: [
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .executableTarget(
            name: "redis-connector",
            dependencies: [
                "RedisConnector",
                .product(name: "FileConnector", package: "swift-openconnect"),
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "ServiceIntegration", package: "openconnect-service-integration"),
            ]
        ),
        .executableTarget(
            name: "redis-bench",
            dependencies: [
                "RedisConnector",
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
        .testTarget(
            name: "RedisConnectorTests",
            dependencies: [
                "RedisConnector", "redis-connector", "redis-bench",
                .product(name: "ConnectTestKit", package: "swift-openconnect"),
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "FileConnector", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
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
