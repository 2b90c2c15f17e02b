// SPDX-License-Identifier: Apache-2.0

// Lists the declarations in symbol graphs that nobody has documented. Used by dev/docs.
//
// A declaration that meets a requirement of a protocol, or takes the place of a default, has the requirement's
// documentation; what the compiler makes by itself needs none.

import Foundation

struct SymbolGraph: Decodable {
    struct Symbol: Decodable {
        struct Identifier: Decodable { let precise: String }
        struct Kind: Decodable { let displayName: String }
        struct Comment: Decodable {
            struct Line: Decodable { let text: String }
            let lines: [Line]
        }
        struct Location: Decodable {
            struct Position: Decodable { let line: Int }
            let uri: String
            let position: Position
        }

        let identifier: Identifier
        let kind: Kind
        let pathComponents: [String]
        let docComment: Comment?
        let location: Location?

        var isDocumented: Bool {
            docComment.map { $0.lines.contains { !$0.text.allSatisfy(\.isWhitespace) } } ?? false
        }

        var place: String {
            guard let location else { return "" }
            let path = location.uri.hasPrefix("file://") ? String(location.uri.dropFirst(7)) : location.uri
            return "\(path.removingPercentEncoding ?? path):\(location.position.line + 1): "
        }
    }

    struct Relationship: Decodable {
        struct Origin: Decodable { let identifier: String }
        let source: String
        let kind: String
        let sourceOrigin: Origin?
    }

    let symbols: [Symbol]
    let relationships: [Relationship]
}

@main
struct UndocumentedSymbols {
    static func main() throws {
        var symbols: [SymbolGraph.Symbol] = []
        var inheriting: Set<String> = []
        for path in CommandLine.arguments.dropFirst() {
            let graph = try JSONDecoder().decode(SymbolGraph.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            symbols += graph.symbols
            for relationship in graph.relationships {
                let isWitness = ["defaultImplementationOf", "overrides"].contains(relationship.kind)
                if isWitness || relationship.sourceOrigin != nil { inheriting.insert(relationship.source) }
            }
        }
        // Without a location it was made by the compiler.
        let missing = symbols.filter { symbol in
            !symbol.isDocumented && symbol.location != nil && !inheriting.contains(symbol.identifier.precise)
        }
        for symbol in missing.sorted(by: { $0.place < $1.place }) {
            let name = symbol.pathComponents.joined(separator: ".")
            print("\(symbol.place)error: \(symbol.kind.displayName) '\(name)' is not documented")
        }
        print("\(symbols.count) public declarations, \(missing.count) of them not documented")
        exit(missing.isEmpty ? 0 : 1)
    }
}
