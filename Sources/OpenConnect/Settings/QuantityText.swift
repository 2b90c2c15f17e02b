// SPDX-License-Identifier: Apache-2.0

/// Texts of quantities: a decimal number and a unit.
enum QuantityText {
    /// The digits of a number, and what stands behind it; `nil` where it does not begin with a digit.
    static func split(_ text: String) -> (digits: Substring, unit: Substring)? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let first = digits.first, first != ".", digits.last != ".", digits.count <= 40 else { return nil }
        return (digits, text[digits.endIndex...].drop { $0 == " " })
    }

    /// A decimal number times a scale, where that is a whole number that fits.
    static func scaled(_ digits: Substring, by scale: Int64) -> Int64? {
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int64(parts[0]) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: scale)
        guard !overflow else { return nil }
        guard parts.count == 2 else { return product }
        guard let rest = fraction(parts[1], of: scale) else { return nil }
        let (sum, isTooLarge) = product.addingReportingOverflow(rest)
        return isTooLarge ? nil : sum
    }

    private static func fraction(_ digits: Substring, of scale: Int64) -> Int64? {
        let digits = digits.reversed().drop { $0 == "0" }.reversed()
        guard digits.count <= 18, let numerator = Int64("0" + String(digits)) else { return nil }
        let denominator = digits.reduce(Int64(1)) { power, _ in power * 10 }
        let product = numerator.multipliedFullWidth(by: scale)
        guard product.high < denominator else { return nil }
        let (quotient, remainder) = denominator.dividingFullWidth(product)
        return remainder == 0 ? quotient : nil
    }
}
