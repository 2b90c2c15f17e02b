// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "openconnect-across-machines",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "replicator", targets: ["replicator"])
    ],
    dependencies: [
        .package(name: "swift-openconnect", path: "../.."),
        .package(name: "openconnect-kafka", path: "../KafkaConnector"),
        .package(name: "openconnect-postgres", path: "../PostgresConnector"),
        .package(name: "openconnect-service-integration", path: "../ServiceIntegration"),
    ],
    targets: [
        .executableTarget(
            name: "replicator",
            dependencies: [
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "KafkaConnector", package: "openconnect-kafka"),
                .product(name: "PostgresConnector", package: "openconnect-postgres"),
                .product(name: "ServiceIntegration", package: "openconnect-service-integration"),
            ]
        ),
        .testTarget(
            name: "AcrossMachinesTests",
            dependencies: [
                "replicator",
                .product(name: "ConnectTestKit", package: "swift-openconnect"),
                .product(name: "MockKafka", package: "openconnect-kafka"),
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
