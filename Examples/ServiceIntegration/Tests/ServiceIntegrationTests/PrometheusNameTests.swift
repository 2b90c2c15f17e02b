// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ServiceIntegration

@Suite struct PrometheusNameTests {
    @Test(arguments: [
        ("http.server.requests", "http_server_requests"),
        ("a:b_c9", "a:b_c9"),
        ("9lives", "_9lives"),
        ("", "_"),
        ("größe €", "gr__e__"),
        ("with space-and/slash", "with_space_and_slash"),
        ("a\nb\"c{d}", "a_b_c_d_"),
        ("__internal", "__internal"),
    ])
    func metric(label: String, name: String) {
        #expect(PrometheusName.metric(label) == name)
    }

    @Test(arguments: [
        ("status", "status"), ("http.route", "http_route"), ("a:b", "a_b"), ("1st", "_1st"), ("", "_"),
        ("__name__", "_name__"), ("____x", "_x"), ("__", "_"), ("ß", "_"),
    ])
    func label(dimension: String, name: String) {
        #expect(PrometheusName.label(dimension) == name)
    }

    @Test(arguments: [
        ("requests", "_total", "requests_total"), ("requests_total", "_total", "requests_total"),
        ("request.duration", "_seconds", "request_duration_seconds"), ("a.seconds", "_seconds", "a_seconds"),
    ])
    func ending(label: String, ending: String, name: String) {
        #expect(PrometheusName.metric(label, ending: ending) == name)
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("\\\n\"", "\\\\\\n\\\""),
        ("tab\tstays", "tab\tstays"), ("größe €", "größe €"), ("", ""), ("a\r\nb", "a\r\\nb"),
    ])
    func escaping(value: String, text: String) {
        #expect(PrometheusText.escaped(value) == text)
        #expect(PrometheusText.escaped(value, quotes: false) == text.replacing("\\\"", with: "\""))
    }

    @Test(
        arguments: [
            (0.0, "0"), (1.5, "1.5"), (-3, "-3"), (1e-6, "1e-06"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
            (.nan, "NaN"),
            (9_007_199_254_740_991, "9007199254740991"), (1e300, "1e+300"), (0.1, "0.1"),
        ] as [(Double, String)]
    )
    func number(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }

    /// - Parameter histogram: whether `le` is taken.
    @Test(arguments: [
        ([("b", "2"), ("a", "1")], false, #"a="1",b="2""#),
        ([], false, ""),
        ([("le", "x")], true, #"exported_le="x""#),
        ([("le", "x")], false, #"le="x""#),
        ([("a.b", "1"), ("a-b", "2"), ("a_b", "3")], false, #"a_b="1",a_b_2="2",a_b_3="3""#),
        ([("a", "q\"\n\\")], false, #"a="q\"\n\\""#),
    ])
    func labels(dimensions: [(String, String)], histogram: Bool, text: String) {
        #expect(PrometheusLabels.text(dimensions, of: histogram ? .histogram : .gauge) == text)
    }
}
