// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

/// A server of Python's standard library that answers as a script says and writes down what it got.
struct ReceivingServer: Sendable {
    /// What is answered to requests in whose body a text occurs.
    struct Rule {
        /// The text; an empty one occurs everywhere.
        var match = ""
        /// How often the rule applies; `nil` for as often as it matches.
        var times: Int?
        var method = "P"
        var status = 204
        var headers: [String: String] = [:]
        var body = ""
        var repeats = 1
        /// `answer`, `hang` (no answer), `reset` (no answer, and the connection is reset), `stall` (no end of the body).
        var action = "answer"
    }

    let port: Int
    let child: ChildProcess
    var scheme = "http"

    var url: String { "\(scheme)://127.0.0.1:\(port)/events" }

    /// What has arrived, in its order.
    var requests: [Request] { Self.requests(in: child.standardOutput) }

    static func requests(in output: String) -> [Request] {
        // The last line may not be whole yet.
        output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().compactMap { line in
            guard line.hasPrefix("{") else { return nil }
            return try? Request(String(line))
        }
    }

    /// Waits until so many requests have arrived.
    func requests(atLeast count: Int) async throws -> [Request] {
        try await ForeignProgram.python.wait(for: child) { requests.count >= count }
        return requests
    }

    /// Runs a server for as long as the body runs.
    static func serving<Result>(
        _ rules: [Rule] = [],
        tls: TestCertificates.Server? = nil,
        port: Int = 0,
        _ body: (ReceivingServer) async throws -> Result
    ) async throws -> Result {
        let scheme = tls == nil ? "http" : "https"
        return try await ForeignProgram.python.running(["-u", "-c", script, configuration(rules, tls, port)]) { child in
            var port: Int? { child.standardOutput.split(separator: "\n").first.flatMap { Int($0) } }
            try await ForeignProgram.python.wait(for: child) { port != nil }
            return try await body(ReceivingServer(port: try #require(port), child: child, scheme: scheme))
        }
    }

    private static func configuration(_ rules: [Rule], _ tls: TestCertificates.Server?, _ port: Int) -> String {
        let rules = rules.map { rule -> StructuredValue in
            .object([
                "match": .string(rule.match), "times": rule.times.map { .integer(Int64($0)) } ?? .null,
                "method": .string(rule.method), "status": .integer(Int64(rule.status)),
                "headers": .object(StructuredObject(rule.headers.map { ($0.key, .string($0.value)) })),
                "body": .string(rule.body), "repeats": .integer(Int64(rule.repeats)), "action": .string(rule.action),
            ])
        }
        var configuration: StructuredObject = ["rules": .array(rules), "port": .integer(Int64(port))]
        if let tls {
            configuration["tls"] = .object([
                "certificate": .string(tls.certificate), "key": .string(tls.key),
                "clients": tls.clientAuthorities.map { .string($0) } ?? .null,
            ])
        }
        return String(decodingUTF8: StructuredValue.object(configuration).json)
    }

    private static let script = #"""
        import base64, http.server, json, socket, ssl, struct, sys, threading
        configuration = json.loads(sys.argv[1])
        rules = configuration["rules"]
        lock = threading.Lock()
        never = threading.Event()
        running = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, *arguments): pass

            def rule(self, text):
                for rule in rules:
                    if not self.command.startswith(rule["method"]) or rule["match"] not in text: continue
                    if rule["times"] is None: return rule
                    if rule["times"] > 0:
                        rule["times"] -= 1
                        return rule
                return {"status": 204, "headers": {}, "body": "", "repeats": 1, "action": "answer"}

            def answer(self):
                global running
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                # A request that was cut off is none.
                if len(body) < length:
                    self.close_connection = True
                    return
                names = [[name, value] for name, value in self.headers.items()]
                with lock:
                    running += 1
                    rule = self.rule(body.decode("latin-1"))
                    print(json.dumps({
                        "method": self.command, "path": self.path, "headers": names, "running": running, "peer": self.client_address[1],
                        "body": base64.b64encode(body).decode(), "status": rule["status"], "action": rule["action"],
                    }))
                try:
                    self.reply(rule)
                finally:
                    with lock: running -= 1

            def reply(self, rule):
                if rule["action"] == "hang": never.wait()
                if rule["action"] == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(rule["status"])
                for name, value in rule["headers"].items(): self.send_header(name, value)
                data = rule["body"].encode() * rule["repeats"]
                stalls = rule["action"] == "stall"
                if rule["status"] != 204: self.send_header("Content-Length", str(len(data) + (1 if stalls else 0)))
                self.end_headers()
                if rule["status"] != 204: self.wfile.write(data)
                self.wfile.flush()
                if stalls: never.wait()

            do_POST = do_PUT = do_OPTIONS = do_GET = answer

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256
            allow_reuse_address = True

            def finish_request(self, request, address):
                if tls:
                    try: request = tls.wrap_socket(request, server_side=True)
                    except OSError: return
                super().finish_request(request, address)

            def handle_error(self, request, address): pass

        tls = None
        if "tls" in configuration:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(configuration["tls"]["certificate"], configuration["tls"]["key"])
            if configuration["tls"]["clients"]:
                tls.verify_mode = ssl.CERT_REQUIRED
                tls.load_verify_locations(configuration["tls"]["clients"])
        server = Server(("127.0.0.1", configuration["port"]), Handler)
        print(server.server_address[1])
        server.serve_forever()
        """#
}
