// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "openconnect-kafka",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "KafkaConnector", targets: ["KafkaConnector"]),
        .executable(name: "kafka-connector", targets: ["kafka-connector"]),
        .library(name: "MockKafka", targets: ["MockKafka"]),
        .executable(name: "mock-kafka", targets: ["mock-kafka"]),
    ],
    dependencies: [
        .package(name: "swift-openconnect", path: "../.."),
        .package(name: "openconnect-service-integration", path: "../ServiceIntegration"),
    ],
    targets: [
        .systemLibrary(
            name: "CRdKafka",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]
        ),
        .target(
            name: "KafkaConnector",
            dependencies: [
                "CRdKafka",
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
        .executableTarget(
            name: "kafka-connector",
            dependencies: [
                "KafkaConnector",
                .product(name: "FileConnector", package: "swift-openconnect"),
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "ServiceIntegration", package: "openconnect-service-integration"),
            ]
        ),
        .target(name: "MockKafka", dependencies: ["CRdKafka"]),
        .executableTarget(name: "mock-kafka", dependencies: ["MockKafka"]),
        .executableTarget(name: "produce-loop", dependencies: ["CRdKafka"]),
        .executableTarget(
            name: "produce-pipeline",
            dependencies: [
                "KafkaConnector",
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
        .testTarget(
            name: "KafkaConnectorTests",
            dependencies: [
                "CRdKafka", "KafkaConnector", "MockKafka", "kafka-connector", "mock-kafka",
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
