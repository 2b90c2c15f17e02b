// SPDX-License-Identifier: Apache-2.0

/// FNV-1a: the same on each machine and in each run.
enum StableHash {
    static func of(_ text: String) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return hash
    }
}
