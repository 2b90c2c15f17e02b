// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension ConnectorRecord {
    /// Refuses what no event can be made of, before it gets as far as a sink, where it would stop the pipeline.
    ///
    /// - Parameter origins: where in the request the attributes come from, for the sender.
    func checkAttributes(from origins: [String: String]) throws(RequestRefusal) {
        do throws(CloudEventError) {
            _ = try CloudEvent(
                id: id ?? "1",
                source: source ?? "/",
                type: type ?? "type",
                dataContentType: contentType
            )
        } catch {
            let origin = error.attribute.flatMap { origins[$0] } ?? "the request"
            throw RequestRefusal(400, "no event can be made of \(origin): \(error.message)")
        }
    }
}
