// SPDX-License-Identifier: Apache-2.0

@main
struct FileConnectorCommand {
    static func main() async {}
}
