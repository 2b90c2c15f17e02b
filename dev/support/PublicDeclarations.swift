// SPDX-License-Identifier: Apache-2.0

// Lists what is public in symbol graphs, a line for each declaration and each conformance, sorted. Used by dev/api-diff.

import Foundation

struct SymbolGraph: Decodable {
    struct Symbol: Decodable {
        struct Identifier: Decodable { let precise: String }
        struct Fragment: Decodable { let spelling: String }

        let identifier: Identifier
        let pathComponents: [String]
        let declarationFragments: [Fragment]?
        let accessLevel: String

        var path: String { pathComponents.joined(separator: ".") }

        /// The path, then the declaration in one line.
        var line: String {
            let declaration = (declarationFragments ?? []).map(\.spelling).joined()
            return "\(path): \(declaration.split(whereSeparator: \.isWhitespace).joined(separator: " "))"
        }
    }

    struct Relationship: Decodable {
        let source: String
        let target: String
        let kind: String
        let targetFallback: String?
    }

    let symbols: [Symbol]
    let relationships: [Relationship]
}

@main
struct PublicDeclarations {
    static func main() throws {
        var symbols: [String: SymbolGraph.Symbol] = [:]
        var relationships: [SymbolGraph.Relationship] = []
        for path in CommandLine.arguments.dropFirst() {
            let graph = try JSONDecoder().decode(SymbolGraph.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            for symbol in graph.symbols { symbols[symbol.identifier.precise] = symbol }
            relationships += graph.relationships
        }
        var lines = Set(symbols.values.map(\.line))
        for relationship in relationships where relationship.kind == "conformsTo" {
            guard let type = symbols[relationship.source] else { continue }
            let conformance = symbols[relationship.target]?.path ?? relationship.targetFallback ?? relationship.target
            lines.insert("\(type.path): conforms to \(conformance)")
        }
        for line in lines.sorted() { print(line) }
    }
}
