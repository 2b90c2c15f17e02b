// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Tells by the size of its outputs how far a run has come.
struct OutputWatch {
    private let paths: [String]
    private let initial: Int64
    private var lowest: Int64
    private(set) var size: Int64

    /// Begins before the run.
    init(_ paths: [String]) {
        self.paths = paths
        size = Self.size(of: paths)
        initial = size
        lowest = size
    }

    mutating func look() {
        size = Self.size(of: paths)
        lowest = min(lowest, size)
    }

    /// How much was written since the outputs were at their smallest.
    var growth: Int64 { size - lowest }

    var phase: CrashReport.Phase {
        if growth > 0 { return .writing }
        return lowest < initial ? .recovering : .starting
    }

    private static func size(of paths: [String]) -> Int64 {
        paths.reduce(0) { sum, path in
            var status = stat()
            return stat(path, &status) == 0 ? sum + Int64(status.st_size) : sum
        }
    }
}
