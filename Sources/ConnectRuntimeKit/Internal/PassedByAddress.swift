// SPDX-License-Identifier: Apache-2.0

/// Lies in a large structure so that it is passed by its address.
///
/// The compiler copies a structure whose layout it knows, byte by byte, for each call of a method that does not change it
/// and is not inlined: 2 KB for the state of the hand-over, several times for each batch. An existential has an unknown
/// layout, which makes that of the whole structure unknown too.
struct PassedByAddress: Sendable {
    private let nothing: (any Sendable)? = nil
}
