// SPDX-License-Identifier: Apache-2.0

/// Finds what somebody may have meant by a mistyped name.
package enum NearestName {
    /// `: did you mean 'x'?` where a name is near, or nothing.
    package static func advice(for name: String, among names: [String]) -> String {
        let name = String(name.prefix(40))
        let distances = names.map {
            (name: $0, distance: distance(Array(name.unicodeScalars), Array($0.unicodeScalars)))
        }
        guard let nearest = distances.min(by: { $0.distance < $1.distance }),
            nearest.distance <= max(2, nearest.name.count / 3), nearest.distance < nearest.name.count
        else { return "" }
        return ": did you mean '\(nearest.name)'?"
    }

    /// How many characters have to be inserted, left out or replaced.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var row = Array(0...right.count)
        for (index, scalar) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let replaced = diagonal + (scalar == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
