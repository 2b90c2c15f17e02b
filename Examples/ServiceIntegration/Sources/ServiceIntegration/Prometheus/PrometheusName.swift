// SPDX-License-Identifier: Apache-2.0

/// Names as Prometheus allows them.
enum PrometheusName {
    /// The name of a metric: `[a-zA-Z_:][a-zA-Z0-9_:]*`. Anything else becomes `_`.
    static func metric(_ label: String) -> String { sanitized(label) { isWordCharacter($0) || $0 == ":" } }

    /// The name of a label: `[a-zA-Z_][a-zA-Z0-9_]*`. Those with two `_` at the beginning belong to Prometheus, which leaves
    /// one of them.
    static func label(_ name: String) -> String {
        let name = sanitized(name, isWordCharacter)
        guard name.hasPrefix("__") else { return name }
        return "_" + name.drop { $0 == "_" }
    }

    /// The name with an ending that tells the unit or the kind, where it has none.
    static func metric(_ label: String, ending: String) -> String {
        let name = metric(label)
        return name.hasSuffix(ending) ? name : name + ending
    }

    private static func sanitized(_ text: String, _ isAllowed: (Unicode.Scalar) -> Bool) -> String {
        var name = ""
        for scalar in text.unicodeScalars { name.unicodeScalars.append(isAllowed(scalar) ? scalar : "_") }
        guard let first = name.unicodeScalars.first else { return "_" }
        return isDigit(first) ? "_" + name : name
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || isDigit(scalar) || scalar == "_"
    }
}
