// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// The documented extensions as types (E1 to E15).
struct ExtensionTests {
    static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    static let digest = String(repeating: "A", count: 43) + "="
    static let envelope = #"""
        {"payload":"\#(digest)","payloadType":"https://cloudevents.io/verifiability/dsse/v0.1",
        "signatures":[{"keyid":"k","sig":"c2ln"}],"further":[1]}
        """#
    static let material = Base64.encode(SharedBytes(utf8: envelope))

    /// Attributes that use one extension rightly, as their canonical text, and the extension.
    struct Valid: Sendable, CustomTestStringConvertible {
        let rule: String
        let attributes: [AttributeName: String]
        let value: any DocumentedExtension
        var testDescription: String { "\(rule) \(attributes.keys.sorted())" }
    }

    static func valid() throws -> [Valid] {
        let day = try Timestamp("2025-01-01T00:00:00Z")
        return [
            Valid(
                rule: "E1",
                attributes: ["traceparent": trace, "tracestate": "congo=t61rcWkgMzE=,rojo=1"],
                value: DistributedTracingExtension(
                    traceParent: try TraceParent(trace),
                    traceState: "congo=t61rcWkgMzE=,rojo=1"
                )
            ),
            Valid(rule: "E2", attributes: ["partitionkey": "k"], value: PartitioningExtension(key: "k")),
            Valid(rule: "E3", attributes: ["dataref": "/d?x=1"], value: DataReferenceExtension(reference: "/d?x=1")),
            Valid(rule: "E4", attributes: ["sequence": "001"], value: SequenceExtension(value: "001")),
            Valid(
                rule: "E5",
                attributes: ["severitynumber": "0", "severitytext": "fine"],
                value: SeverityExtension(number: 0, text: "fine")
            ),
            Valid(rule: "E6", attributes: ["sampledrate": "30"], value: SampledRateExtension(rate: 30)),
            Valid(
                rule: "E7",
                attributes: ["recordedtime": "2025-01-01T00:00:00Z"],
                value: RecordedTimeExtension(time: day)
            ),
            Valid(
                rule: "E8",
                attributes: ["expirytime": "2025-01-01T00:00:00Z"],
                value: ExpiryTimeExtension(time: day)
            ),
            Valid(
                rule: "E9",
                attributes: [
                    "deprecated": "true", "deprecationfrom": "2025-01-01T00:00:00Z",
                    "deprecationsunset": "2025-01-01T00:00:00Z", "deprecationmigration": "https://example.com/new",
                ],
                value: DeprecationExtension(from: day, sunset: day, migration: "https://example.com/new")
            ),
            Valid(rule: "E9", attributes: ["deprecated": "true"], value: DeprecationExtension()),
            Valid(
                rule: "E10",
                attributes: ["correlationid": "c", "causationid": "d"],
                value: CorrelationExtension(correlationID: "c", causationID: "d")
            ),
            Valid(rule: "E10", attributes: ["causationid": "d"], value: CorrelationExtension(causationID: "d")),
            Valid(
                rule: "E11",
                attributes: [
                    "opcuametadatamajorversion": "1", "opcuametadataminorversion": "-2", "opcuastatus": "3",
                ],
                value: OPCUAExtension(metadataMajorVersion: 1, metadataMinorVersion: -2, status: 3)
            ),
            Valid(
                rule: "E12",
                attributes: ["authtype": "robot", "authid": "", "authclaims": "{}"],
                value: AuthContextExtension(principal: .init("robot"), id: "", claims: "{}")
            ),
            Valid(
                rule: "E13",
                attributes: [
                    "bamtxid": "a", "bampid": "b", "bamptxid": "c", "bamptxsid": "d", "bamptxsstatus": "e",
                    "bamptxcompleted": "false",
                ],
                value: BusinessActivityExtension(
                    transactionID: "a",
                    processID: "b",
                    processTransactionID: "c",
                    stepID: "d",
                    stepStatus: "e",
                    isCompleted: false
                )
            ),
            Valid(
                rule: "E14",
                attributes: [
                    "dataclassification": "restricted", "dataregulation": "GDPR,HIPAA", "datacategory": "phi",
                ],
                value: DataClassificationExtension(
                    classification: "restricted",
                    regulations: ["GDPR", "HIPAA"],
                    category: "phi"
                )
            ),
            Valid(
                rule: "E15",
                attributes: ["dssematerial": material, "signedextattrs": "exta,extb"],
                value: VerifiabilityExtension(
                    envelope: SharedBytes(utf8: envelope),
                    signedAttributes: ["exta", "extb"]
                )
            ),
        ]
    }

    @Test("Text and native types read the same, and are written as native types (C14, E1 to E15)")
    func valid() throws {
        for valid in try Self.valid() { try check(valid.value, valid) }
    }

    private func check<Value: DocumentedExtension>(_ value: Value, _ valid: Valid) throws {
        #expect(Value.rule == valid.rule)
        var event = try makeEvent(valid.attributes)
        #expect(try event.readExtension(Value.self) == value)
        try event.validateExtensions()
        #expect(event.extensionErrors().isEmpty)
        // Setting replaces what was there by the attributes in their own types.
        try event.setExtension(value)
        #expect(try event.readExtension() == value)
        let types = Dictionary(uniqueKeysWithValues: Value.attributeTypes.map { ($0.key, $0.value) })
        for element in event.extensions { #expect(element.value.type == types[element.name]) }
        #expect(event.extensions.count == valid.attributes.count)
        let again = try JSONEventFormat(extensionTypes: .documentedExtensions).decode(JSONEventFormat().encode(event))
        #expect(again == event)
        #expect(try again.readExtension() == value)
        event.removeExtension(Value.self)
        #expect(event.extensions.isEmpty)
        #expect(try event.readExtension(Value.self) == nil)
    }

    private func makeEvent(_ attributes: [AttributeName: String]) throws -> CloudEvent {
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        for (name, text) in attributes { try event.setExtension(name, to: .string(text)) }
        return event
    }

    /// Attributes that use an extension wrongly, and the attribute that is named.
    struct Invalid: Sendable, CustomTestStringConvertible {
        let rule: String
        let attributes: [AttributeName: AttributeValue]
        let names: String
        var code = CloudEventError.Code.invalidValue
        var testDescription: String { "\(rule) \(attributes.keys.sorted()) \(names)" }
    }

    static let missing: [Invalid] = [
        Invalid(rule: "E1", attributes: ["tracestate": "a=b"], names: "traceparent", code: .missingAttribute),
        Invalid(rule: "E5", attributes: ["severitytext": "INFO"], names: "severitynumber", code: .missingAttribute),
        Invalid(
            rule: "E9",
            attributes: ["deprecationmigration": "https://e.com/"],
            names: "deprecated",
            code: .missingAttribute
        ),
        Invalid(rule: "E12", attributes: ["authid": "u"], names: "authtype", code: .missingAttribute),
        Invalid(rule: "E12", attributes: ["authclaims": "{}"], names: "authtype", code: .missingAttribute),
        Invalid(rule: "E13", attributes: ["bamtxid": "a"], names: "bampid", code: .missingAttribute),
        Invalid(rule: "E14", attributes: ["datacategory": "phi"], names: "dataclassification", code: .missingAttribute),
        Invalid(rule: "E15", attributes: ["signedextattrs": "a"], names: "dssematerial", code: .missingAttribute),
    ]

    static let invalid: [Invalid] = [
        Invalid(rule: "E1", attributes: ["traceparent": 1], names: "traceparent"),
        Invalid(rule: "E1", attributes: ["traceparent": ""], names: "traceparent"),
        Invalid(rule: "E2", attributes: ["partitionkey": ""], names: "partitionkey"),
        Invalid(rule: "E2", attributes: ["partitionkey": 5], names: "partitionkey"),
        Invalid(rule: "E3", attributes: ["dataref": ""], names: "dataref"),
        Invalid(rule: "E3", attributes: ["dataref": "a b"], names: "dataref"),
        Invalid(rule: "E4", attributes: ["sequence": ""], names: "sequence"),
        Invalid(rule: "E4", attributes: ["sequence": 1], names: "sequence"),
        Invalid(rule: "E5", attributes: ["severitynumber": -1], names: "severitynumber"),
        Invalid(rule: "E5", attributes: ["severitynumber": "-1"], names: "severitynumber"),
        Invalid(rule: "E5", attributes: ["severitynumber": "09"], names: "severitynumber"),
        Invalid(rule: "E5", attributes: ["severitynumber": true], names: "severitynumber"),
        Invalid(rule: "E5", attributes: ["severitynumber": 9, "severitytext": ""], names: "severitytext"),
        Invalid(rule: "E6", attributes: ["sampledrate": 0], names: "sampledrate"),
        Invalid(rule: "E6", attributes: ["sampledrate": -1], names: "sampledrate"),
        Invalid(rule: "E6", attributes: ["sampledrate": "2147483648"], names: "sampledrate"),
        Invalid(rule: "E7", attributes: ["recordedtime": "2025-01-01"], names: "recordedtime"),
        Invalid(rule: "E8", attributes: ["expirytime": "soon"], names: "expirytime"),
        Invalid(rule: "E8", attributes: ["expirytime": 0], names: "expirytime"),
        Invalid(rule: "E9", attributes: ["deprecated": false], names: "deprecated"),
        Invalid(rule: "E9", attributes: ["deprecated": "false"], names: "deprecated"),
        Invalid(rule: "E9", attributes: ["deprecated": "True"], names: "deprecated"),
        Invalid(rule: "E9", attributes: ["deprecated": 1], names: "deprecated"),
        Invalid(
            rule: "E9",
            attributes: [
                "deprecated": true, "deprecationfrom": "2025-01-01T00:00:00Z",
                "deprecationsunset": "2025-01-01T00:59:59+01:00",
            ],
            names: "deprecationsunset"
        ),
        Invalid(
            rule: "E9",
            attributes: ["deprecated": true, "deprecationmigration": "/relative"],
            names: "deprecationmigration"
        ),
        Invalid(rule: "E10", attributes: ["correlationid": ""], names: "correlationid"),
        Invalid(rule: "E10", attributes: ["correlationid": "c", "causationid": ""], names: "causationid"),
        Invalid(rule: "E11", attributes: ["opcuastatus": "good"], names: "opcuastatus"),
        Invalid(rule: "E12", attributes: ["authtype": ""], names: "authtype"),
        Invalid(
            rule: "E13",
            attributes: ["bamtxid": "a", "bampid": "b", "bamptxid": "c", "bamptxsid": ""],
            names: "bamptxsid"
        ),
        Invalid(rule: "E14", attributes: ["dataclassification": ""], names: "dataclassification"),
        Invalid(
            rule: "E14",
            attributes: ["dataclassification": "a", "dataregulation": "GDPR,PCI DSS"],
            names: "dataregulation"
        ),
        Invalid(
            rule: "E14",
            attributes: ["dataclassification": "a", "dataregulation": "GDPR,,X"],
            names: "dataregulation"
        ),
        Invalid(rule: "E14", attributes: ["dataclassification": "a", "dataregulation": ""], names: "dataregulation"),
        Invalid(rule: "E15", attributes: ["dssematerial": ""], names: "dssematerial"),
        Invalid(rule: "E15", attributes: ["dssematerial": "e30="], names: "dssematerial"),
        Invalid(rule: "E15", attributes: ["dssematerial": "****"], names: "dssematerial"),
    ]

    @Test("What an extension does not allow is refused by attribute and rule (E1 to E15)", arguments: missing + invalid)
    func refused(_ invalid: Invalid) throws {
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        for (name, value) in invalid.attributes { try event.setExtension(name, to: value) }
        expectError(invalid.code, rule: invalid.rule, attribute: invalid.names) { try event.validateExtensions() }
        let errors = event.extensionErrors()
        #expect(errors.map(\.rule) == [invalid.rule])
        // Other extensions do not suffer.
        try event.setExtension(PartitioningExtension(key: "k"))
        #expect(try event.partitioning?.key == "k")
    }

    @Test("A value that the extension does not allow is not set, and the event stays as it was (E1 to E15)")
    func refusedWhenSet() throws {
        var event = try CloudEvent(
            id: "1",
            source: "/s",
            type: "t",
            dataSchema: "https://example.com/s",
            extensions: ["severitynumber": 4, "severitytext": "old"]
        )
        let before = event
        expectError(.invalidValue, rule: "E5", attribute: "severitynumber") {
            try event.setExtension(SeverityExtension(number: -1))
        }
        expectError(.invalidValue, rule: "T3", attribute: "partitionkey") {
            try event.setExtension(PartitioningExtension(key: "a\u{7}"))
        }
        expectError(.invalidValue, rule: "E11", attribute: "opcuametadatamajorversion") {
            try event.setExtension(OPCUAExtension(metadataMajorVersion: 1))
        }
        expectError(.invalidValue, rule: "E11", attribute: "opcuametadataminorversion") {
            try event.setExtension(OPCUAExtension(metadataMinorVersion: 1))
        }
        expectError(.invalidValue, rule: "E14", attribute: "dataregulation") {
            try event.setExtension(DataClassificationExtension(classification: "a", regulations: ["a b"]))
        }
        expectError(.invalidValue, rule: "E15", attribute: "signedextattrs") {
            try event.setExtension(
                VerifiabilityExtension(envelope: SharedBytes(utf8: Self.envelope), signedAttributes: ["a", "a"])
            )
        }
        #expect(event == before)
        try event.setExtension(SeverityExtension(number: 5))
        #expect(event.extensions == ["severitynumber": 5])
        try event.setExtension(OPCUAExtension(status: 1))
        #expect(try event.opcUA?.status == 1)
    }

    @Test("The parts of a traceparent are those of W3C Trace Context (E1)")
    func traceParent() throws {
        let parent = try TraceParent(Self.trace)
        #expect(parent.version == 0 && parent.flags == 1 && parent.isSampled)
        #expect(parent.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(parent.parentID == "00f067aa0ba902b7")
        #expect(try TraceParent(traceID: parent.traceID, parentID: parent.parentID, isSampled: true) == parent)
        #expect(try !TraceParent(traceID: parent.traceID, parentID: parent.parentID, isSampled: false).isSampled)
        let later = try TraceParent("cc" + Self.trace.dropFirst(2) + "-what-the-future-will-be-like")
        #expect(later.version == 0xCC && later.parentID == parent.parentID)
        #expect(try TraceParent("01" + Self.trace.dropFirst(2)).version == 1)
    }

    @Test(
        "What is no traceparent is refused (E1)",
        arguments: [
            "", "00", String(trace.dropLast()), trace + "0", trace + "-", trace + "-00", trace.uppercased(),
            "ff" + trace.dropFirst(2), "0g" + trace.dropFirst(2), "01" + trace.dropFirst(2) + "0",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01", " " + trace,
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ]
    )
    func noTraceParent(_ text: String) {
        expectError(.invalidValue, rule: "E1", attribute: "traceparent") { try TraceParent(text) }
    }

    @Test(
        "An event expires when its time is reached (E8)",
        arguments: [
            ("2024-12-31T23:59:59.999999999Z", false), ("2025-01-01T00:00:00Z", true),
            ("2025-01-01T01:00:00+01:00", true), ("2025-01-01T00:59:59+01:00", false),
        ]
    )
    func expiry(now: String, isExpired: Bool) throws {
        let event = try makeEvent(["expirytime": "2025-01-01T00:00:00Z"])
        #expect(try event.isExpired(at: Timestamp(now)) == isExpired)
        #expect(try !makeEvent([:]).isExpired(at: Timestamp(now)))
        expectError(.invalidValue, rule: "E8") { try makeEvent(["expirytime": "x"]).isExpired(at: Timestamp(now)) }
    }

    @Test("Sequences are ordered by their characters (E4)")
    func sequenceOrder() {
        #expect(SequenceExtension(value: "10") < SequenceExtension(value: "9"))
        #expect(SequenceExtension(value: "009") < SequenceExtension(value: "010"))
        #expect(SequenceExtension(value: "a") < SequenceExtension(value: "aa"))
        #expect(SequenceExtension(value: "e\u{301}") != SequenceExtension(value: "\u{E9}"))
    }

    @Test("A severity without a text has the short name of its number (E5)")
    func severityNames() {
        #expect(SeverityExtension(number: 9).displayText == "INFO")
        #expect(SeverityExtension(number: 14).displayText == "WARN2")
        #expect(SeverityExtension(number: 24).displayText == "FATAL4")
        #expect(SeverityExtension(number: 0).displayText == nil && SeverityExtension(number: 25).displayText == nil)
        #expect(SeverityExtension(number: 9, text: "Notice").displayText == "Notice")
    }

    @Test("Spaces around regulations do not count (E14)")
    func regulations() throws {
        let event = try makeEvent(["dataclassification": "a", "dataregulation": " GDPR , HIPAA"])
        #expect(try event.dataClassification?.regulations == ["GDPR", "HIPAA"])
    }

    @Test(
        "What is no envelope is refused (E15)",
        arguments: [
            "[]", "null", envelope + "1", String(envelope.dropLast()), envelope.replacing("v0.1", with: "v0.2"),
            envelope.replacing("AA=", with: "A=="), envelope.replacing(#"{"keyid":"k","sig":"c2ln"}"#, with: ""),
            envelope.replacing("\"sig\"", with: "\"gis\""), envelope.replacing("further", with: "payload"),
        ]
    )
    func noEnvelope(_ text: String) throws {
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        try event.setExtension("dssematerial", to: .binary(SharedBytes(utf8: text)))
        expectError(.invalidValue, rule: "E15", attribute: "dssematerial") { try event.verifiability }
    }

    @Test(
        "Only other extensions' names can be signed, each once (E15)",
        arguments: ["a,a", "id", "a,", ",", "a, b", "dssematerial", "signedextattrs", "A", "data"]
    )
    func signedNames(_ list: String) throws {
        let event = try makeEvent(["dssematerial": Self.material, "signedextattrs": list])
        expectError(.invalidValue, rule: "E15", attribute: "signedextattrs") { try event.verifiability }
    }

    @Test("An extension of one's own is used as the documented ones are")
    func ownExtension() throws {
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        try event.setExtension(TenantExtension(identifier: "a"))
        #expect(event["tenantid"] == "a")
        #expect(try event.readExtension(TenantExtension.self)?.identifier == "a")
        try event.setExtension("tenantid", to: "")
        try event.validateExtensions()
        expectError(.invalidValue, attribute: "tenantid") { try event.validateExtensions([TenantExtension.self]) }
    }
}

private struct TenantExtension: DocumentedExtension {
    static let title = "tenant"
    static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = ["tenantid": .string]
    var identifier: String

    init(identifier: String) {
        self.identifier = identifier
    }

    init(_ reader: ExtensionReader) throws(CloudEventError) {
        identifier = try reader.required("tenantid", reader.nonEmptyString("tenantid"))
    }

    var attributes: ExtensionAttributes { ["tenantid": .string(identifier)] }
}
