// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Scripts that speak CloudEvents by the SDK for Python. `OPENCONNECT_PYTHON` names an interpreter that has it.
enum PythonPeer {
    private static var interpreter: String {
        ProcessInfo.processInfo.environment["OPENCONNECT_PYTHON"] ?? "python3"
    }

    /// Runs a script with arguments.
    static func command(_ script: String, _ arguments: [String]) -> ProcessCommand {
        ProcessCommand(interpreter, ["-c", imports + script] + arguments)
    }

    private static let imports = """
        import sys, json, urllib.request
        try:
            from cloudevents.core.bindings.http import HTTPMessage, from_http, to_binary, to_structured
            from cloudevents.core.formats.json import JSONFormat
            from cloudevents.core.v1.event import CloudEvent
        except ImportError:
            sys.exit("the CloudEvents SDK for Python is missing: pip install cloudevents, and name its python in OPENCONNECT_PYTHON")

        """

    /// Sends events to a URL, every other one in structured mode; prints the status of each answer.
    static let sender = """
        url, count = sys.argv[1], int(sys.argv[2])
        for number in range(count):
            event = CloudEvent({
                "id": f"py-{number}", "source": "/python", "type": "com.example.python", "subject": "Zürich, 50 % \\"off\\"",
                "datacontenttype": "application/json", "number": str(number),
            }, {"number": number, "text": "grüße"})
            message = (to_structured if number % 2 else to_binary)(event, JSONFormat())
            request = urllib.request.Request(url, message.body, message.headers, method="POST")
            print(urllib.request.urlopen(request, timeout=30).status, flush=True)
        """

    /// Listens on a free port, which it prints, and prints each event that comes as a line of JSON.
    static let receiver = """
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"] or 0))
                event = from_http(HTTPMessage({k: v for k, v in self.headers.items()}, body), JSONFormat())
                attributes = {name: str(value) for name, value in event.get_attributes().items()}
                print(json.dumps({"attributes": attributes, "data": event.get_data()}), flush=True)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *arguments): pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """
}
