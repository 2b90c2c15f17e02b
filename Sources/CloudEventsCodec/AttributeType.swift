// SPDX-License-Identifier: Apache-2.0

/// The types a CloudEvents attribute can have: these seven and no others (CloudEvents 1.0.2, section 2.4; C14).
public enum AttributeType: String, Sendable, Hashable, CaseIterable {
    /// `true` or `false` (T1).
    case boolean = "Boolean"
    /// A whole number of 32 bits with a sign (T2).
    case integer = "Integer"
    /// Unicode text without control characters and noncharacters (T3).
    case string = "String"
    /// Bytes (T4).
    case binary = "Binary"
    /// An absolute URI without a fragment (T5).
    case uri = "URI"
    /// A URI or a relative reference (T6).
    case uriReference = "URI-reference"
    /// An instant in RFC 3339 form (T7).
    case timestamp = "Timestamp"
}
