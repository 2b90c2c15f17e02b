// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
//
// The package that dev/simulate builds: the libraries' sources in optimized form, and the program beside them. It is a
// package of its own because the program needs what is `package` in them, and no test target of the others.

import PackageDescription

let package = Package(
    name: "simulation",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "CloudEventsCodec"),
        .target(name: "OpenConnect", dependencies: ["CloudEventsCodec"]),
        .target(name: "OpenConnectFiles", dependencies: ["OpenConnect", "CloudEventsCodec"]),
        .target(name: "ConnectRuntimeKit", dependencies: ["OpenConnect", "CloudEventsCodec", "OpenConnectFiles"]),
        .target(name: "ConnectTestKit", dependencies: ["ConnectRuntimeKit", "OpenConnect", "CloudEventsCodec"]),
        .executableTarget(name: "simulate", dependencies: ["ConnectTestKit"]),
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
