// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What is wrong with a member of something that an author wrote, and where.
struct MemberRefusal: Error {
    var path: MemberPath
    var reason: String
    var cause: (any Error)?

    /// The error of the configuration that says so.
    func error(in subject: String) -> ConnectorError {
        let place = path.steps.isEmpty ? "" : "\(path): "
        return ConnectorError(.invalidConfiguration, "\(subject) is wrong: \(place)\(reason)", cause: cause)
    }
}

/// How a member of a structured value is reached, such as `data.order.total[0]`.
struct MemberPath: CustomStringConvertible {
    enum Step {
        case member(String)
        case element(Int)
    }

    private(set) var steps: [Step] = []

    func member(_ name: String) -> MemberPath { MemberPath(steps: steps + [.member(name)]) }
    func element(_ index: Int) -> MemberPath { MemberPath(steps: steps + [.element(index)]) }

    /// As messages write it, on one line.
    var description: String {
        steps.reduce(into: "") { text, step in
            switch step {
            case .element(let index): text += "[\(index)]"
            case .member(let name) where !Self.isSimple(name): text += "[\(name.debugDescription)]"
            case .member(let name): text += text.isEmpty ? name : ".\(name)"
            }
        }
    }

    private static func isSimple(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                $0 | 0x20 &- UInt8(ascii: "a") < 26 || $0 &- UInt8(ascii: "0") < 10 || "_-$".utf8.contains($0)
            }
    }
}

extension StructuredValue {
    /// Reads JSON that an author wrote.
    init(_ json: String, in subject: String) throws(ConnectorError) {
        do {
            try self.init(json: SharedBytes(utf8: json))
        } catch {
            let message = (error as? ConnectorError)?.message ?? "\(error)"
            throw ConnectorError(.invalidConfiguration, "\(subject) is wrong: \(message)", cause: error)
        }
    }
}

extension SettingInput {
    /// The problem that a refusal speaks of, at the place of the member.
    func problem(_ refusal: MemberRefusal) -> SettingProblem {
        var input = self
        for step in refusal.path.steps {
            let next: SettingInput?
            switch step {
            case .member(let name): next = try? input.member(name)
            case .element(let index):
                let elements = (try? input.elements()) ?? []
                next = index < elements.count ? elements[index] : nil
            }
            guard let next else { break }
            input = next
        }
        return input.problem(refusal.reason)
    }
}
