// SPDX-License-Identifier: Apache-2.0

extension WireReader {
    /// The attribute's name that a piece is (C13).
    ///
    /// - Parameters:
    ///   - range: the piece, which is UTF-8.
    ///   - offset: the place of the attribute, for the error.
    func attributeName(_ range: Range<Int>, at offset: Int) throws(CloudEventError) -> AttributeName {
        do throws(CloudEventError) {
            return try AttributeName(text(range))
        } catch {
            throw error.naming(error.attribute ?? "", offset: offset)
        }
    }
}

extension CodecLimits {
    /// Refuses an event with more attributes than there may be.
    func check(attributes count: Int, at offset: Int) throws(CloudEventError) {
        guard count > attributes else { return }
        throw CloudEventError(
            .limitExceeded,
            "the event has more attributes than the limit of \(attributes)",
            offset: offset
        )
    }
}
