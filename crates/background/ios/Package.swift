// swift-tools-version:5.5

import PackageDescription

let package = Package(
    name: "xuncha-background",
    platforms: [.macOS(.v10_13), .iOS(.v14)],
    products: [
        .library(name: "xuncha-background", type: .static, targets: ["xuncha-background"])
    ],
    dependencies: [
        .package(name: "Tauri", path: "../.tauri/tauri-api")
    ],
    targets: [
        .target(name: "xuncha-background", dependencies: [.byName(name: "Tauri")], path: "Sources")
    ]
)
