// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "openconnect-postgres",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "PostgresConnector", targets: ["PostgresConnector"]),
        .executable(name: "postgres-connector", targets: ["postgres-connector"]),
    ],
    dependencies: [
        .package(name: "swift-openconnect", path: "../.."),
        .package(name: "openconnect-service-integration", path: "../ServiceIntegration"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibPQ",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
        ),
        .target(
            name: "PostgresConnector",
            dependencies: [
                "CLibPQ",
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
        .executableTarget(
            name: "postgres-connector",
            dependencies: [
                "PostgresConnector",
                .product(name: "FileConnector", package: "swift-openconnect"),
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "ServiceIntegration", package: "openconnect-service-integration"),
            ]
        ),
        .executableTarget(
            name: "postgres-bench",
            dependencies: [
                "PostgresConnector",
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "ConnectTestKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
        .executableTarget(
            name: "standby-fixture",
            dependencies: [
                "PostgresConnector",
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
            ],
            path: "Tests/StandbyFixture"
        ),
        .testTarget(
            name: "PostgresConnectorTests",
            dependencies: [
                "PostgresConnector", "postgres-connector", "standby-fixture",
                .product(name: "ConnectTestKit", package: "swift-openconnect"),
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatWarning("ExplicitSendable", as: .error),
    ]
}
