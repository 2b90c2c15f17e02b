// SPDX-License-Identifier: Apache-2.0

// Settings of every kind, declared once.

// snippet.show
import OpenConnect

struct TLSOptions: SettingStructure {
    static let certificate = Setting<String>("certificate", "The file with the certificate.")
    static let key = Setting<Secret>("key", "Its key.")
    static var settings: SettingGroup { SettingGroup(certificate, key) }
    let certificate: String
    let key: Secret

    init(_ values: SettingValues) throws {
        certificate = values[Self.certificate]
        key = values[Self.key]
    }
}

actor Receiver: Source, ConfigurableConnector {
    enum Answer: String, CaseIterable, SettingValue { case accepted, committed }

    static let type = "receiver"
    static let summary = "Takes what others send."
    static let port = Setting<Int>("port", "The port to listen on.", default: 8080).range(1...65535)
    static let answer = Setting<Answer>("answer", "When senders are answered.", default: .committed)
    static let wait = Setting<Duration>("wait", "How long they wait.", default: .seconds(30)).range(.seconds(1)...)
    static let user = Setting<String?>("user", "Who may send.")
    static let password = Setting<Secret?>("password", "What they have to present.")
    static let tls = Setting<TLSOptions?>("tls", "For TLS.")
    static var settings: SettingGroup {
        SettingGroup(port, answer, wait, user, password, tls).rules(.requires(user, password))
    }

    private let queue = PushQueue()
    private let port: Int

    init(_ values: SettingValues) throws {
        port = values[Self.port]
        guard port != 22 || values.isGiven(Self.tls) else {
            throw values.problem(Self.port, "is that of SSH; choose another one")
        }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch { try await queue.poll(request) }
}

let receiver = try Receiver(settings: ["port": 8443, "answer": "accepted", "wait": "10s"])
print(Receiver.settings.markdown)
// snippet.hide
_ = receiver
