// SPDX-License-Identifier: Apache-2.0

/// The names that an object has so far, compared byte by byte.
struct MemberNames {
    private var few: [SharedBytes] = []
    /// All names once there are so many that looking through them would be slow.
    private var many: Set<SharedBytes> = []

    /// Adds a name and says whether it is new.
    mutating func insert(_ name: SharedBytes) -> Bool {
        if !many.isEmpty { return many.insert(name).inserted }
        guard !few.contains(name) else { return false }
        few.append(name)
        if few.count == 16 { many = Set(few) }
        return true
    }
}
