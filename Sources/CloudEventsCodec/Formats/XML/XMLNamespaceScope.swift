// SPDX-License-Identifier: Apache-2.0

/// The namespace declarations in scope, the innermost last.
///
/// Their number is bounded by the reader, so that looking through them costs a bounded time for each name.
struct XMLNamespaceScope {
    struct Declaration {
        /// Empty for the default namespace.
        let prefix: Range<Int>
        let value: XMLText
        let nameHash: Int
        let namespace: XMLNamespace
    }

    private let bytes: UnsafeRawBufferPointer
    private(set) var declarations: [Declaration] = []
    /// The hash of each declaration's prefix, close together for looking through them.
    private var prefixHashes: [UInt64] = []
    private var nextID = XMLNamespace.firstOther
    /// So many of the outermost declarations are watched, and which of them were used since.
    private var watched = 0
    private var isUsed: [Bool] = []

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Forgets the declarations of an element that is over.
    mutating func close(to count: Int) {
        guard count < declarations.count else { return }
        declarations.removeLast(declarations.count - count)
        prefixHashes.removeLast(prefixHashes.count - count)
    }

    /// Adds a declaration that was checked; `name` is the namespace's name, decoded.
    mutating func declare(_ prefix: Range<Int>, _ value: XMLText, name: UnsafeRawBufferPointer) {
        var hasher = Hasher()
        hasher.combine(bytes: name)
        let nameHash = hasher.finalize()
        let namespace = XMLNamespace(known: name) ?? declared(name, nameHash) ?? fresh()
        declarations.append(Declaration(prefix: prefix, value: value, nameHash: nameHash, namespace: namespace))
        prefixHashes.append(bytes.part(prefix).nameHash)
    }

    /// The namespace of a prefix; `nil` where it is not declared. The empty prefix is always declared.
    mutating func resolve(_ prefix: UnsafeRawBufferPointer) -> XMLNamespace? {
        if let index = index(of: prefix) {
            if index < watched { isUsed[index] = true }
            return declarations[index].namespace
        }
        if prefix.isEmpty { return XMLNamespace.none }
        return equal(prefix, "xml") ? .xml : nil
    }

    /// Whether a prefix is declared from a declaration on.
    func declares(_ prefix: UnsafeRawBufferPointer, from first: Int) -> Bool {
        index(of: prefix).map { $0 >= first } ?? false
    }

    private func index(of prefix: UnsafeRawBufferPointer) -> Int? {
        let hash = prefix.nameHash
        return prefixHashes.lastIndex { $0 == hash }.flatMap { last in
            if bytes.part(declarations[last].prefix).hasSameBytes(as: prefix) { return last }
            return declarations[..<last].lastIndex { bytes.part($0.prefix).hasSameBytes(as: prefix) }
        }
    }

    private func declared(_ name: UnsafeRawBufferPointer, _ hash: Int) -> XMLNamespace? {
        for declaration in declarations where declaration.nameHash == hash {
            let isSame = bytes.withDecoded(declaration.value) { $0.hasSameBytes(as: name) }
            if isSame { return declaration.namespace }
        }
        return nil
    }

    private mutating func fresh() -> XMLNamespace {
        defer { nextID += 1 }
        return XMLNamespace(id: nextID)
    }
}

extension XMLNamespaceScope {
    /// From here on, notes which of the declarations in scope are used.
    mutating func watch() {
        watched = declarations.count
        isUsed = [Bool](repeating: false, count: watched)
    }

    /// Ends the watch and gives the declarations that were used during it.
    mutating func endWatch() -> [Declaration] {
        defer { (watched, isUsed) = (0, []) }
        return (0..<watched).filter { isUsed[$0] }.map { declarations[$0] }
    }
}
