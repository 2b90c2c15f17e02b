// SPDX-License-Identifier: Apache-2.0

import RedisConnector

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What moving entries cost.
struct Measurement {
    /// Entries in a second.
    let rate: Double
    /// The processor time of an entry in this process and in the server, in microseconds.
    let clientTime, serverTime: Double
}

/// Measures from its making to its reading.
struct Meter {
    private let begin = ContinuousClock.now
    private let client = Self.clientTime
    private let server: Double

    init(_ address: RedisAddress) async throws { server = try await Self.serverTime(address) }

    func read(_ address: RedisAddress, _ entries: Int) async throws -> Measurement {
        let (elapsed, client) = ((ContinuousClock.now - begin) / .seconds(1), Self.clientTime - client)
        let server = try await Self.serverTime(address) - server
        let count = Double(entries)
        return Measurement(rate: count / elapsed, clientTime: client * 1e6 / count, serverTime: server * 1e6 / count)
    }

    #if canImport(Glibc)
    private static let process = __rusage_who_t(RUSAGE_SELF.rawValue)
    #else
    private static let process = RUSAGE_SELF
    #endif

    private static var clientTime: Double {
        var usage = rusage()
        _ = getrusage(process, &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    private static func serverTime(_ address: RedisAddress) async throws -> Double {
        let connection = try await RedisConnection.open(address, named: "bench")
        let text = try await connection.run(["INFO", "cpu"], "looking").text ?? ""
        await connection.close()
        return text.split(whereSeparator: \.isNewline).reduce(0) { sum, line in
            let parts = line.split(separator: ":")
            guard parts.count == 2, ["used_cpu_sys", "used_cpu_user"].contains(parts[0]) else { return sum }
            return sum + (Double(parts[1]) ?? 0)
        }
    }
}
