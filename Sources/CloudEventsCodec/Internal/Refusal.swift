// SPDX-License-Identifier: Apache-2.0

/// Why something was refused, in as few bytes as fit into two registers: on hot paths each place that can fail would
/// otherwise have to make room for a whole ``CloudEventError``. It becomes one where the path ends.
struct Refusal: Error {
    let reason: Reason
    /// What it concerns, as far as that is known.
    var subject = Subject.none
    /// Where, in bytes from the beginning; negative where that is not known.
    var offset = -1

    enum Subject: Equatable {
        case none
        case core(CoreAttribute)
        /// An extension; its name is the JSON string whose inside begins at the refusal's offset.
        case name
        case data
        case dataBase64
    }

    @inline(__always)
    init(_ reason: Reason, _ subject: Subject = .none, at offset: Int = -1) {
        self.reason = reason
        self.subject = subject
        self.offset = offset
    }

    /// The same refusal, concerning an attribute, at a place unless it has one.
    @inline(__always)
    func of(_ subject: Subject, at offset: Int) -> Refusal {
        guard self.offset < 0 else { return self }
        return Refusal(reason, subject, at: offset)
    }

    /// The refusal in words.
    ///
    /// - Parameters:
    ///   - limits: the limits that were in force.
    ///   - name: the name of the extension that it concerns.
    @inline(never)
    func error(_ limits: CodecLimits = CodecLimits(), name: String? = nil) -> CloudEventError {
        var error = reason.error(limits, subject)
        error.offset = offset < 0 ? nil : offset
        switch subject {
        case .none: break
        case .core(let attribute): error.attribute = attribute.name.string
        case .name: error.attribute = name
        case .data: error.attribute = "data"
        case .dataBase64: error.attribute = "data_base64"
        }
        return error
    }
}
