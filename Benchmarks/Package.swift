// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "openconnect-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-openconnect", path: "..")],
    targets: [
        .target(name: "CBench"),
        .executableTarget(
            name: "codec-bench",
            dependencies: [
                "CBench",
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
        .executableTarget(
            name: "runner-bench",
            dependencies: [
                "CBench",
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
        .executableTarget(
            name: "filter-bench",
            dependencies: [
                "CBench",
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
            ]
        ),
        .executableTarget(
            name: "runner-limits",
            dependencies: [
                "CBench",
                .product(name: "ConnectRuntimeKit", package: "swift-openconnect"),
                .product(name: "OpenConnect", package: "swift-openconnect"),
                .product(name: "CloudEventsCodec", package: "swift-openconnect"),
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
    ]
}
