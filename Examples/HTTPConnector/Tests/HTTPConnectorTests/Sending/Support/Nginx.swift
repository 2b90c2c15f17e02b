// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A real nginx with one location for each thing that a target may do.
struct Nginx: Sendable {
    let port: Int
    private let directory: SendingDirectory
    private let silent: ListeningSocket

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

    /// Path and status of each request, in their order. Written when the answer is.
    var log: [String] {
        get throws { try directory.text(of: "access.log").split(separator: "\n").map(String.init) }
    }

    static func serving<Result>(_ body: (Nginx) async throws -> Result) async throws -> Result {
        let directory = try SendingDirectory()
        let silent = try ListeningSocket()
        let port = try FreePort.next()
        let file = try directory.write(configuration(directory, port: port, silent: silent.port), to: "nginx.conf")
        return try await ForeignProgram.nginx.running(["-c", file, "-p", directory.path]) { child in
            try await ForeignProgram.nginx.wait(for: child) { access(directory["pid"], R_OK) == 0 }
            return try await body(Nginx(port: port, directory: directory, silent: silent))
        }
    }

    private static func configuration(_ directory: SendingDirectory, port: Int, silent: Int) -> String {
        let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(directory[$0]);" }
        return """
            daemon off;
            master_process off;
            pid \(directory["pid"]);
            error_log stderr;
            events { worker_connections 256; }
            http {
                \(places.joined(separator: "\n    "))
                log_format short '$uri $status';
                access_log \(directory["access.log"]) short;
                limit_req_zone $server_port zone=rate:1m rate=1r/s;
                limit_req_status 429;
                server {
                    listen 127.0.0.1:\(port);
                    location /ok { return 204; }
                    location /limited { add_header Retry-After 5 always; return 429; }
                    location /busy { add_header Retry-After 5 always; return 503; }
                    location /broken { return 500; }
                    location /forbidden { return 403; }
                    location /moved { return 301 http://elsewhere.example/new?key=value; }
                    location /reset { return 444; }
                    location /hang { proxy_pass http://127.0.0.1:\(silent); }
                    location /rate {
                        limit_req zone=rate;
                        add_header Retry-After 1 always;
                        try_files /none @taken;
                    }
                    location @taken { return 204; }
                }
            }
            """
    }
}
