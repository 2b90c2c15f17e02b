// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension ProcessCommand {
    /// An executable of the package whose tests run: the one that was built with them.
    ///
    /// The test target has to depend on the executable target, so that it is built first.
    ///
    /// - Parameters:
    ///   - name: the name of the executable product.
    ///   - arguments: what follows the name on the command line.
    /// - Throws: ``CrashTestError`` with the code `cannotStart` where it is not built, with the places looked at.
    public init(built name: String, _ arguments: [String] = []) throws(CrashTestError) {
        let places = Self.buildFolders.map { "\($0)/\(name)" }
        guard let path = places.first(where: { access($0, X_OK) == 0 }) else {
            throw CrashTestError(
                .cannotStart,
                "\(name) is not built: looked for \(places.joined(separator: ", ")); let the test target depend on it"
            )
        }
        self.init(path, arguments)
    }

    /// Beside the program that runs the tests, or beside the bundle that this loads.
    private static var buildFolders: [String] {
        let bundles = CommandLine.arguments.filter { $0.contains(".xctest") }.map { argument in
            argument.split(separator: "/", omittingEmptySubsequences: false).prefix { !$0.hasSuffix(".xctest") }
                .joined(separator: "/")
        }
        let program = resolved("/proc/self/exe") ?? CommandLine.arguments[0]
        return [String(program[..<(program.lastIndex(of: "/") ?? program.startIndex)])] + bundles
    }

    private static func resolved(_ link: String) -> String? {
        guard let path = realpath(link, nil) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }
}
