// SPDX-License-Identifier: Apache-2.0

// What libFuzzer calls. It is compiled together with the targets, as one module.

@testable import CloudEventsCodec

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The target that `FUZZ_TARGET` names.
private nonisolated(unsafe) var target: FuzzTarget?

/// Prints the names of all targets, or writes the seeds of one, or chooses the one to run.
@_cdecl("LLVMFuzzerInitialize")
public func initializeFuzzer(_: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?) -> CInt {
    if getenv("FUZZ_LIST") != nil {
        for target in FuzzTarget.all { print(target.name) }
        exit(0)
    }
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
        print("no target has the name '\(name)'")
        exit(2)
    }
    target = found
    if let folder = getenv("FUZZ_SEEDS"), let vectors = getenv("FUZZ_VECTORS") {
        do {
            try writeSeeds(of: found, vectors: String(cString: vectors), to: String(cString: folder))
            exit(0)
        } catch {
            print("the seeds could not be made: \(error)")
            exit(1)
        }
    }
    return 0
}

/// Checks one input; a property that does not hold ends the process, as a trap does.
@_cdecl("LLVMFuzzerTestOneInput")
public func checkOneInput(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
    do {
        try target?.check(SharedBytes(copying: UnsafeRawBufferPointer(start: start, count: count)))
    } catch {
        print("the property does not hold: \(error)")
        fflush(nil)
        abort()
    }
    return 0
}

private func writeSeeds(of target: FuzzTarget, vectors: String, to folder: String) throws {
    guard let input = fopen(vectors, "rb") else { throw FuzzFailure(description: "\(vectors) cannot be read") }
    defer { fclose(input) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&piece, 1, piece.count, input), count > 0 { bytes += piece[..<count] }
    for (index, seed) in try FuzzSeeds.make(for: target, vectors: SharedBytes(bytes)).enumerated() {
        guard let output = fopen("\(folder)/\(index)", "wb") else {
            throw FuzzFailure(description: "\(folder) cannot be written")
        }
        _ = seed.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, output) }
        fclose(output)
    }
}
